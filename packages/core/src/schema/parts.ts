import type { MappingProperty, MappingType } from '../types.ts'
import { operating } from './derive.ts'
import { ecsType, type Target } from './ecs.ts'
import { type AnyField, type Field, type FieldOptions, reader, type ValueKind } from './fields.ts'
import { keywordMapping, type TypedTarget, useOf } from './targets.ts'
import { asText, isAddress } from './values.ts'

/** A part of a value: `method` of a request line, `port` of an address with one. */
export type Part =
  | 'address'
  | 'port'
  | 'method'
  | 'url'
  | 'scheme'
  | 'domain'
  | 'name'
  | 'path'
  | 'extension'
  | 'query'
  | 'version'

type Parts = { readonly [P in Part]?: string }
type Targets = readonly (Target | TypedTarget)[]

/** Each part's mapping where ECS does not define its target. */
const mappings: Partial<Record<Part, MappingProperty>> = { address: { type: 'ip' }, port: { type: 'long' } }

/** A field whose targets have a part each: the part by the target's path. */
const partsOfField = new WeakMap<object, ReadonlyMap<string, Part>>()

/** The part that a field's target has; none where it has the whole value. */
export function partAt({ write }: Pick<AnyField, 'write'>, path: string): Part | undefined {
  return partsOfField.get(write)?.get(path)
}

/**
 * An address and its port, as load balancers write them: `192.0.2.7:2817`, `[2001:db8::1]:443`. Text in the record. The
 * port may be missing. Where an IPv6 address has no brackets, digits behind its last colon are a port if an address
 * stands before them.
 *
 * @example
 * 'client:port': addressPort(['source.address', 'source.ip', 'related.ip[]'], ['source.port'], 'Client.'),
 */
export function addressPort(
  address: Targets,
  port: Targets,
  description: string,
  options: FieldOptions = {},
): Field<string> {
  return fieldOfParts('addressPort', 'string, address:port', splitAddressPort, { address, port }, description, options)
}

/**
 * Targets of a request line's parts. `name` is the domain where it is no address: `related.hosts[]`. `extension` is that of
 * the path: see `extensionOf`.
 */
export type RequestTargets = {
  readonly [P in Exclude<Part, 'address'>]?: Targets
}

/**
 * The first line of an HTTP request: `GET https://www.example.com:443/a?b=c HTTP/1.1`. Text in the record. A URL may hold
 * spaces, and any part may be `-`. The version is that of HTTP alone, `1.1`; the URL stands as it was written.
 *
 * @example
 * 'request': requestLine({ method: ['http.request.method'], url: ['url.original'], path: ['url.path'] }, 'Request.'),
 */
export function requestLine(targets: RequestTargets, description: string, options: FieldOptions = {}): Field<string> {
  return fieldOfParts('requestLine', 'string, a request line', splitRequest, targets, description, options)
}

function fieldOfParts(
  kind: ValueKind,
  type: string,
  split: (text: string) => Parts,
  targets: { readonly [P in Part]?: Targets },
  description: string,
  options: FieldOptions,
): Field<string> {
  const paths = new Map<string, Part>()
  const all: (Target | TypedTarget)[] = []
  const [first] = Object.keys(targets) as Part[]
  for (const alias of options.aliases ?? []) paths.set(alias, first!)
  for (const [part, those] of Object.entries(targets) as [Part, Targets][])
    for (const target of those) {
      const { path } = useOf(target, keywordMapping)
      paths.set(path, part)
      const mapping = mappings[part]
      all.push(typeof target === 'string' && mapping && !ecsType(path) ? { target, mapping } : target)
    }
  const write = (value: string, type: MappingType, path: string) => writePart(split(value)[paths.get(path)!], type)
  partsOfField.set(write, paths)
  const read = reader(kind, asText, write)
  return { type, description, targets: all, read, mapping: keywordMapping, write, ...options }
}

function writePart(text: string | undefined, type: MappingType): unknown {
  if (text === undefined || text === '') return undefined
  if (type === 'ip') return isAddress(text) ? text : undefined
  if (type !== 'long' && type !== 'integer') return text
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined
}

export function splitAddressPort(text: string): Parts {
  if (text.startsWith('[')) {
    const match = /^\[([^\]]*)\](?::(\d{1,5}|-)?)?$/.exec(text)
    return match ? partsOf(match[1]!, match[2]) : { address: text }
  }
  const colon = text.lastIndexOf(':')
  if (colon === -1) return partsOf(text, undefined)
  const address = text.slice(0, colon)
  const port = text.slice(colon + 1)
  const isPort = /^(\d{1,5}|-)?$/.test(port)
  return isPort && (!address.includes(':') || isAddress(address)) ? partsOf(address, port) : { address: text }
}

function partsOf(address: string, port: string | undefined): Parts {
  return { ...(address !== '-' && { address }), ...(port && port !== '-' && { port }) }
}

export function splitRequest(line: string): Parts {
  const text = line.trimEnd()
  const first = text.indexOf(' ')
  const last = text.lastIndexOf(' ')
  const protocol = last > first ? text.slice(last + 1) : ''
  // What is no protocol belongs to a URL with spaces.
  const version = /^HTTP\/([\d.]+)$/.exec(protocol)?.[1]
  const url = text.slice(first + 1, version !== undefined || protocol === '-' ? last : undefined)
  const method = first === -1 ? undefined : text.slice(0, first)
  return {
    ...(method !== undefined && method !== '-' && { method }),
    ...(version !== undefined && { version }),
    ...(url !== '' && url !== '-' && { url, ...splitUrl(url) }),
  }
}

/** Of a URL, or of a path with a query. Where a load balancer has no path it writes `-`, right behind the port. */
function splitUrl(url: string): Parts {
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//.exec(url)
  if (!scheme && !url.startsWith('/')) return {}
  const begin = scheme?.[0].length ?? 0
  const behind = url.slice(begin).search(/[/?]/)
  const stop = behind === -1 ? url.length : begin + behind
  const mark = url.indexOf('?', stop)
  const path = url.slice(stop, mark === -1 ? undefined : mark)
  const query = mark === -1 ? '' : url.slice(mark + 1)
  const extension = extensionOf(path)
  return {
    ...(scheme && { scheme: scheme[1]!, ...splitAuthority(url.slice(begin, stop), stop === url.length) }),
    ...(path !== '' && { path }),
    ...(extension !== undefined && { extension }),
    ...(query !== '' && { query }),
  }
}

/**
 * What stands behind the last point of a path: `gz` of `/a.tar.gz`. Letters and digits, 16 at most and no number alone, so
 * that neither `/v1.2` has one nor what somebody tries out.
 *
 * @example
 * derive('url.extension', ['cs-uri-stem'], extensionOf)
 */
export const extensionOf = /* @__PURE__ */ operating(
  { is: 'extension' },
  (path: string): string | undefined => /\.(?=\d*[a-z])([a-z\d]{1,16})$/i.exec(path)?.[1],
)

function splitAuthority(authority: string, isLast: boolean): Parts {
  const host = authority.slice(authority.lastIndexOf('@') + 1)
  const match = /^(\[[^\]]*\]|[^:]*)(?::(\d{1,5})(-?))?$/.exec(host)
  const domain = match && (match[3] !== '-' || isLast) ? match[1]! : host
  if (domain === '' || domain === '-') return {}
  const port = match && domain !== host ? match[2] : undefined
  const isName = !domain.startsWith('[') && !isAddress(domain)
  return { domain, ...(isName && { name: domain }), ...(port && { port }) }
}
