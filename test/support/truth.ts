import { type DeadRecords, detect, ingest, type Sink, type SourceObject } from '@flowferry/core'
import { cloudFront } from '@flowferry/core/formats/cloudfront'
import { cloudTrail } from '@flowferry/core/formats/cloudtrail'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import type { LogFile } from './log-files.ts'

/** A file as it stands on S3. */
export interface StoredFile extends LogFile {
  readonly bucket: string
  readonly etag: string
  readonly lastModified: Date
}

export interface Truth {
  /** `<index>/<_id>` to the document's JSON. */
  readonly documents: ReadonlyMap<string, string>
  /** Key to the records that its object holds, and the ordinals of those that are malformed. */
  readonly objects: ReadonlyMap<string, { readonly read: number; readonly malformed: readonly number[] }>
}

/** What the indices must hold: each document by the plain path, as the parser gives it, with no server in between. */
export async function truthOf(files: readonly StoredFile[], namespace: string): Promise<Truth> {
  const documents = new Map<string, string>()
  const sink: Sink<unknown> = {
    write: async (batch) => ({
      slices: batch.map((slice) => {
        for (let index = 0; index < slice.length; index++)
          documents.set(`${slice.dataStream}/${slice.id(index)}`, JSON.stringify(slice.document(index)))
        return { written: slice.length, duplicate: 0, rejected: [], unfinished: 0 }
      }),
    }),
  }
  const source = files.map((file) => ({ objects: [asObject(file)] }))
  const malformed = new Map<string, number[]>(files.map(({ key }) => [key, []]))
  const deadRecords: DeadRecords = {
    write: async (records) => {
      for (const { key, ordinal } of records) malformed.get(key)!.push(ordinal)
    },
  }
  const parser = detect([vpcFlow, cloudTrail, cloudFront])
  const report = await ingest({ source, parser, sink, namespace, deadRecords })
  const failed = report.messages.find(({ status }) => status === 'failed')
  if (failed) throw failed.objects[0]!.error
  const objects = new Map(
    report.messages.flatMap((message) =>
      message.objects.map(({ key, counts: { read } }) => [key, { read, malformed: malformed.get(key)! }] as const),
    ),
  )
  return { documents, objects }
}

function asObject({ bucket, key, etag, lastModified, body }: StoredFile): SourceObject {
  async function* bytes() {
    yield body
  }
  return { bucket, key, open: async () => ({ etag, lastModified, size: body.length, body: bytes() }) }
}

/** Every document of some indices, as `<name>/<_id>` to JSON, where `<name>` is the data stream. */
export async function everyDocument(node: string, streams: readonly string[]): Promise<Map<string, string>> {
  const documents = new Map<string, string>()
  for (const stream of streams) {
    await post(`${node}/${stream}/_refresh`, undefined)
    let page = await post(`${node}/${stream}/_search?scroll=1m`, { size: 2000, sort: ['_doc'] })
    while (page.hits && page.hits.hits.length > 0) {
      for (const { _id, _source } of page.hits.hits) {
        const name = `${stream}/${_id}`
        // Two backing indices of a stream may hold the same id: that would be a doubled document.
        documents.set(documents.has(name) ? `${name} again` : name, JSON.stringify(_source))
      }
      page = await post(`${node}/_search/scroll`, { scroll: '1m', scroll_id: page._scroll_id })
    }
    if (page._scroll_id) await post(`${node}/_search/scroll`, { scroll_id: page._scroll_id }, 'DELETE')
  }
  return documents
}

interface Page {
  readonly _scroll_id?: string
  readonly hits?: { readonly hits: readonly { readonly _id: string; readonly _source: unknown }[] }
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

/** What differs, in a few words; nothing where both are the same. */
export function differences(truth: Truth, found: ReadonlyMap<string, string>): string[] {
  const wrong: string[] = []
  const tell = (text: string) => {
    if (wrong.length < 5) wrong.push(text)
  }
  for (const [name, document] of truth.documents) {
    const other = found.get(name)
    if (other === undefined) tell(`missing: ${name}`)
    else if (other !== document) tell(`other content: ${name}\n  wanted ${document}\n  found  ${other}`)
  }
  for (const [name, document] of found) if (!truth.documents.has(name)) tell(`not in the truth: ${name} ${document}`)
  if (truth.documents.size !== found.size)
    wrong.unshift(`${truth.documents.size} documents wanted, ${found.size} found`)
  return wrong
}
