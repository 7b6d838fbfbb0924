import { createHash } from 'node:crypto'
import type { LogFile, Values } from './log-files.ts'

// What must be in an index is told by who wrote the files, not by any code of the project: nothing of it is imported.

/** A file as it stands on S3. */
export interface StoredFile extends LogFile {
  readonly bucket: string
  readonly lastModified: Date
}

type Dataset = LogFile['dataset']

/** Where values that a writer chose must be found in a document, and nowhere a value that it did not choose. */
const places: Record<Dataset, Record<string, readonly string[]>> = {
  'aws.vpcflow': {
    version: ['aws.vpcflow.version'],
    'account-id': ['cloud.account.id'],
    'interface-id': ['aws.vpcflow.interface_id'],
    srcaddr: ['source.ip'],
    dstaddr: ['destination.ip'],
    srcport: ['source.port'],
    dstport: ['destination.port'],
    protocol: ['network.iana_number'],
    packets: ['network.packets'],
    bytes: ['network.bytes'],
    start: ['event.start'],
    end: ['event.end', '@timestamp'],
    action: ['aws.vpcflow.action'],
    'log-status': ['aws.vpcflow.log_status'],
    region: ['cloud.region'],
    'az-id': ['cloud.availability_zone'],
    'pkt-srcaddr': ['aws.vpcflow.pkt_srcaddr'],
    'pkt-dstaddr': ['aws.vpcflow.pkt_dstaddr'],
    'tcp-flags': ['aws.vpcflow.tcp_flags'],
    'vpc-id': ['aws.vpcflow.vpc_id'],
    'subnet-id': ['aws.vpcflow.subnet_id'],
    type: ['aws.vpcflow.type'],
    'flow-direction': ['network.direction'],
    'future-field': ['aws.vpcflow.future_field'],
  },
  'aws.cloudfront_logs': {
    time: ['@timestamp'],
    'x-edge-location': ['aws.cloudfront.edge_location'],
    'sc-bytes': ['http.response.bytes'],
    'c-ip': ['source.ip'],
    'cs-method': ['http.request.method'],
    'cs(Host)': ['aws.cloudfront.domain'],
    'cs-uri-stem': ['url.path'],
    'sc-status': ['http.response.status_code'],
    'cs(Referer)': ['http.request.referrer'],
    'cs(User-Agent)': ['user_agent.original'],
    'cs-uri-query': ['url.query'],
    'x-edge-request-id': ['event.id'],
    'cs-bytes': ['http.request.bytes'],
    'time-taken': ['event.duration'],
    'c-port': ['source.port'],
    'sc-content-len': ['http.response.body.bytes'],
  },
  'aws.cloudtrail': {
    eventVersion: ['aws.cloudtrail.event_version'],
    eventTime: ['@timestamp'],
    eventSource: ['event.provider'],
    eventName: ['event.action'],
    awsRegion: ['cloud.region'],
    sourceIPAddress: ['source.address'],
    userAgent: ['user_agent.original'],
    errorCode: ['aws.cloudtrail.error_code'],
    errorMessage: ['aws.cloudtrail.error_message'],
    requestParameters: ['aws.cloudtrail.flattened.request_parameters'],
    responseElements: ['aws.cloudtrail.flattened.response_elements'],
    requestID: ['aws.cloudtrail.request_id'],
    eventID: ['event.id'],
    readOnly: ['aws.cloudtrail.read_only'],
    eventType: ['aws.cloudtrail.event_type'],
    recipientAccountId: ['aws.cloudtrail.recipient_account_id', 'cloud.account.id'],
    eventCategory: ['aws.cloudtrail.event_category'],
  },
}

/** Where a document names its file's origin, and numbers whose sums the engine tells. */
const totalled: Record<Dataset, { readonly origin: string; readonly sums: Readonly<Record<string, string>> }> = {
  'aws.vpcflow': { origin: 'cloud.account.id', sums: { bytes: 'source.bytes', packets: 'source.packets' } },
  'aws.cloudfront_logs': {
    origin: 'aws.cloudfront.domain',
    sums: {
      'sc-bytes': 'http.response.bytes',
      'cs-bytes': 'http.request.bytes',
      'sc-status': 'http.response.status_code',
    },
  },
  'aws.cloudtrail': { origin: 'cloud.account.id', sums: {} },
}

interface Totals {
  readonly documents: number
  readonly sums: Readonly<Record<string, number>>
}

export interface Truth {
  readonly documents: number
  /** `<bucket>/<key>` to the number of records of its object, and the ordinals of those that are malformed. */
  readonly objects: ReadonlyMap<string, { readonly read: number; readonly malformed: readonly number[] }>
  /** `<bucket>/<key>` to its records that are told apart by their place: ordinal to what the document must say. */
  readonly placed: ReadonlyMap<string, ReadonlyMap<number, string>>
  /** `_id` to what the document must say, of records with an id of their own. */
  readonly named: ReadonlyMap<string, string>
  /** `<dataset> <origin>` to counts and sums. */
  readonly totals: ReadonlyMap<string, Totals>
  /** Times that a record without one may have: those of the files. */
  readonly fileTimes: ReadonlySet<string>
}

/** What the indices must hold after all of these files were read, however often: docs/identity.md. */
export function truthOf(files: readonly StoredFile[]): Truth {
  const placed = new Map<string, Map<number, string>>()
  const named = new Map<string, string>()
  const totals = new Map<string, { documents: number; sums: Record<string, number> }>()
  const objects = new Map<string, { read: number; malformed: number[] }>()
  let documents = 0
  for (const file of files) {
    const { bucket, key, dataset, records, origin, owner } = file
    const own = new Map<number, string>()
    const malformed: number[] = []
    for (const [ordinal, values] of records.entries()) {
      if (!values) {
        malformed.push(ordinal)
        continue
      }
      // Only events of CloudTrail have one.
      if (values.eventID !== undefined) {
        const id = `${owner ?? `s3:${bucket}`}:${values.eventID}`
        if (named.has(id)) continue
        named.set(id, told(dataset, values))
      } else own.set(ordinal, told(dataset, values))
      documents++
      const name = `${dataset} ${origin}`
      const total = totals.get(name) ?? { documents: 0, sums: {} }
      totals.set(name, total)
      total.documents++
      for (const field of Object.keys(totalled[dataset].sums))
        total.sums[field] = (total.sums[field] ?? 0) + Number(values[field] ?? 0)
    }
    if (own.size > 0) placed.set(`${bucket}/${key}`, own)
    objects.set(`${bucket}/${key}`, { read: records.length, malformed })
  }
  const fileTimes = new Set(files.map(({ lastModified }) => lastModified.toISOString()))
  return { documents, objects, placed, named, totals, fileTimes }
}

/** A record as the text that its document must give: each place with its value, in one order. */
function told(dataset: Dataset, values: Values): string {
  return canonical(
    Object.entries(places[dataset]).flatMap(([field, paths]) =>
      paths.map((path) => [path, withoutEmpty(values[field]) ?? null]),
    ),
  )
}

/** An empty list inside a free-form object says nothing, and is not kept. */
const withoutEmpty = (value: unknown) =>
  value === undefined
    ? undefined
    : JSON.parse(JSON.stringify(value), (_, inner) => (Array.isArray(inner) && inner.length === 0 ? undefined : inner))

/** The same of a document. */
function tells(dataset: Dataset, source: unknown, fileTimes: ReadonlySet<string>): string {
  return canonical(
    Object.values(places[dataset])
      .flat()
      .map((path) => {
        const value = at(source, path)
        return [path, path === '@timestamp' && fileTimes.has(String(value)) ? null : value]
      }),
  )
}

const at = (source: unknown, path: string): unknown =>
  path.split('.').reduce<unknown>((inner, name) => (inner as Record<string, unknown> | undefined)?.[name], source) ??
  null

/** JSON with sorted names. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, inner) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )

export interface Found {
  readonly documents: readonly { readonly dataset: Dataset; readonly id: string; readonly source: unknown }[]
  /** As the engine counts and sums, in the names of `Truth.totals`. */
  readonly totals: ReadonlyMap<string, Totals>
}

/** Every document of the data streams of a namespace, and what the engine itself makes of them. */
export async function everyDocument(node: string, namespace: string): Promise<Found> {
  const documents: Found['documents'][number][] = []
  const totals = new Map<string, Totals>()
  for (const dataset of Object.keys(places) as Dataset[]) {
    const stream = `logs-${dataset}-${namespace}`
    await post(`${node}/${stream}/_refresh`, undefined)
    let page = await post(`${node}/${stream}/_search?scroll=1m`, { size: 2000, sort: ['_doc'] })
    while (page.hits && page.hits.hits.length > 0) {
      for (const { _id: id, _source: source } of page.hits.hits) documents.push({ dataset, id, source })
      page = await post(`${node}/_search/scroll`, { scroll: '1m', scroll_id: page._scroll_id })
    }
    if (page._scroll_id) await post(`${node}/_search/scroll`, { scroll_id: page._scroll_id }, 'DELETE')
    const { origin, sums } = totalled[dataset]
    const aggs = Object.fromEntries(Object.entries(sums).map(([name, field]) => [name, { sum: { field } }]))
    const { aggregations } = await post(`${node}/${stream}/_search`, {
      size: 0,
      aggs: { origins: { terms: { field: origin, size: 1000 }, aggs } },
    })
    for (const { key, doc_count, ...values } of aggregations?.origins.buckets ?? [])
      totals.set(`${dataset} ${key}`, {
        documents: doc_count,
        sums: Object.fromEntries(Object.keys(sums).map((name) => [name, (values[name] as { value: number }).value])),
      })
  }
  return { documents, totals }
}

interface Page {
  readonly _scroll_id?: string
  readonly hits?: { readonly hits: readonly { readonly _id: string; readonly _source: unknown }[] }
  readonly aggregations?: {
    readonly origins: {
      readonly buckets: readonly ({ readonly key: string; readonly doc_count: number } & Record<string, unknown>)[]
    }
  }
}

async function post(url: string, body: object | undefined, method = 'POST'): Promise<Page> {
  const response = await fetch(url, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  })
  // A stream that was never written is no stream.
  if (!response.ok && response.status !== 404) throw new Error(`${url}: ${response.status}, ${await response.text()}`)
  return (await response.json()) as Page
}

/** What an object is told by in an `_id`: 128 bits in base64url; the ordinal follows, in base 36. */
const placeId = /^([\w-]{22})([0-9a-z]+)$/

/** What differs, in a few words; nothing where both are the same. */
export function differences(truth: Truth, found: Found): string[] {
  const wrong: string[] = []
  if (truth.documents !== found.documents.length)
    wrong.push(`${truth.documents} documents wanted, ${found.documents.length} found`)
  const seen = new Set<string>()
  const named = new Map<string, string>()
  const groups = new Map<string, Map<number, string>>()
  for (const { dataset, id, source } of found.documents) {
    // Two backing indices of a stream may hold the same id: that would be a doubled document.
    if (seen.has(`${dataset} ${id}`)) wrong.push(`twice: ${dataset} ${id}`)
    seen.add(`${dataset} ${id}`)
    const text = tells(dataset, source, truth.fileTimes)
    const [, object, ordinal] = placeId.exec(id) ?? []
    if (object === undefined) named.set(id, text)
    else groups.set(object, (groups.get(object) ?? new Map()).set(Number.parseInt(ordinal!, 36), text))
  }
  const unlike = compare('event', truth.named, named)
  wrong.push(...unlike, ...objectsUnlike(truth.placed, groups))
  for (const name of new Set([...truth.totals.keys(), ...found.totals.keys()])) {
    const [wanted, other] = [truth.totals.get(name), found.totals.get(name)].map(canonical)
    if (wanted !== other) wrong.push(`${name}: wanted ${wanted}, the engine counts ${other}`)
  }
  return wrong.length > 12 ? [...wrong.slice(0, 12), `and ${wrong.length - 12} more`] : wrong
}

/** Each object must have a group of ids of its own, with just its records. */
function objectsUnlike(placed: Truth['placed'], groups: ReadonlyMap<string, ReadonlyMap<number, string>>): string[] {
  const left = new Map<string, ReadonlyMap<number, string>[]>()
  for (const group of groups.values()) left.set(digest(group), [...(left.get(digest(group)) ?? []), group])
  // Twins have the same digest, and each takes one group.
  const missing = [...placed].filter(([, records]) => left.get(digest(records))?.pop() === undefined)
  const strange = [...left.values()].flat()
  const common = (a: ReadonlyMap<number, string>, b: ReadonlyMap<number, string>) =>
    [...a].filter(([ordinal, text]) => b.get(ordinal) === text).length
  const wrong = missing.flatMap(([name, records]) => {
    const [nearest] = strange.toSorted((a, b) => common(records, b) - common(records, a))
    if (!nearest || common(records, nearest) === 0) return [`${name}: none of its ${records.size} records is found`]
    strange.splice(strange.indexOf(nearest), 1)
    return compare(name, records, nearest)
  })
  return [...wrong, ...strange.map((group) => `${group.size} documents of no object: ${[...group.values()][0]}`)]
}

function digest(records: ReadonlyMap<number, string>): string {
  const hash = createHash('sha256')
  for (const [ordinal, text] of [...records].sort(([a], [b]) => a - b)) hash.update(`${ordinal} ${text}\n`)
  return hash.digest('hex')
}

function compare<Key>(name: string, wanted: ReadonlyMap<Key, string>, found: ReadonlyMap<Key, string>): string[] {
  const wrong: string[] = []
  for (const [key, text] of wanted) {
    const other = found.get(key)
    if (other === undefined) wrong.push(`${name} ${key} is missing: ${text}`)
    else if (other !== text) wrong.push(`${name} ${key}: wanted ${without(text, other)}, found ${without(other, text)}`)
  }
  for (const [key, text] of found) if (!wanted.has(key)) wrong.push(`${name} ${key} was never written: ${text}`)
  return wrong
}

/** The places of one text that are not so in the other. */
function without(text: string, other: string): string {
  const others = new Set((JSON.parse(other) as unknown[]).map((place) => JSON.stringify(place)))
  return JSON.stringify((JSON.parse(text) as unknown[]).filter((place) => !others.has(JSON.stringify(place))))
}
