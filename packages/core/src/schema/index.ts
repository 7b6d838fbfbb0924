/** The vocabulary of `format()`: types of fields, derived values, and where a format's files lie. */
export { hours, minutes } from './archive.ts'
export {
  type Derive,
  type Derived,
  emailOf,
  type Facet,
  family,
  lookup,
  optional,
  present,
  sessionEmail,
  sessionName,
  type ValuesWhere,
} from './derive.ts'
export { dnsName, hostName, reverseAddress, valuesWhere } from './dns.ts'
export type { EcsField, OwnField, Target } from './ecs.ts'
export type { DeriveFromDocument, EnrichedFormat, Enrichment } from './enrichment.ts'
export {
  anyTime,
  boolean,
  code,
  commonLogTime,
  double,
  encoded,
  encodedTwice,
  epoch,
  epochMilliseconds,
  epochSeconds,
  type Field,
  type FieldOptions,
  hexadecimal,
  ip,
  iso8601,
  keyword,
  list,
  long,
  type TextOptions,
} from './fields.ts'
export { aws, when } from './format.ts'
export { flat, freeForm, type HostTargets, type ObjectsOptions, objects, type PairsOptions, pairs } from './objects.ts'
export { addressPort, extensionOf, type RequestTargets, requestLine } from './parts.ts'
export { type TypedTarget, typed } from './targets.ts'
export { asAnyTime } from './time.ts'
export { isAddress } from './values.ts'
