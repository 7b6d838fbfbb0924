// flowferry through its public API: one file into a sink.
import { createReadStream } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { gunzipSync, gzipSync } from 'node:zlib'
import { bulkSink, detect, ingest, lines } from '@flowferry/core'
import { cloudFront } from '@flowferry/core/formats/cloudfront'
import { cloudTrail } from '@flowferry/core/formats/cloudtrail'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { vpcFlowDocument, vpcFlowRecord } from './plain.mjs'

export const formats = [vpcFlow, cloudTrail, cloudFront]

/** A parser as a user writes it, with the very functions of the plain loop. */
const own = lines({
  kind: 'vpcflow',
  dataset: 'aws.vpcflow',
  record: vpcFlowRecord,
  document: vpcFlowDocument,
  skip: (line) => line.startsWith('version'),
})

const parsers = {
  'vpc-flow': vpcFlow,
  'vpc-flow-29': vpcFlow,
  cloudfront: cloudFront,
  cloudtrail: cloudTrail,
  'cloudtrail-unknown': cloudTrail,
  own,
  detect: detect(formats),
}

/** A file as an object that `ingest` takes. */
export function fileObject(file, body = () => createReadStream(file, { highWaterMark: 256 * 1024 })) {
  return { bucket: 'bench', key: file, open: async () => ({ etag: 'bench', body: body() }) }
}

/** Counts bulk bodies and drops them. `keep` gets each body. */
export function droppingSink(keep, options) {
  const total = { bytes: 0 }
  const sink = bulkSink(async (body) => {
    total.bytes += body.length
    keep?.(body)
    return { status: 200, body: { errors: false } }
  }, options)
  return { sink, total }
}

export async function run(objects, parser, options) {
  const source = objects.map((object) => ({ objects: [object] }))
  const report = await ingest({ source, parser: parsers[parser], ...options })
  if (!report.ok) throw report.messages.flatMap(({ objects }) => objects).find(({ error }) => error).error
  return report
}

/** One file into the sink that drops. Resolves with records and bytes of bulk bodies. */
export async function parse(file, parser, { sinkOptions, ...steps } = {}, keep = undefined) {
  const { sink, total } = droppingSink(keep, sinkOptions)
  const { counts, bytes } = await run([fileObject(file)], parser, { sink, ...steps })
  if (bytes !== (await stat(file)).size) throw new Error(`${file} was not read to its end`)
  return { records: counts.read, bytes: total.bytes }
}

/** The file's lines as objects of 100 records each, in memory: what an object costs beside its records. */
export async function parseSmall(file, parser, begin) {
  const [header, ...lines] = gunzipSync(await readFile(file))
    .toString()
    .trimEnd()
    .split('\n')
  const objects = []
  for (let first = 0; first < lines.length; first += 100) {
    const body = gzipSync(`${[header, ...lines.slice(first, first + 100)].join('\n')}\n`)
    const open = async () => ({ etag: 'bench', size: body.length, body: Readable.from([body]) })
    objects.push({ bucket: 'bench', key: `${file}-${first}`, open })
  }
  const { sink, total } = droppingSink()
  begin()
  const { counts } = await run(objects, parser, { sink })
  return { records: counts.read, bytes: total.bytes }
}

/** What a way does besides; where an input's fields matter, the input stands before it. */
export const steps = {
  'gzip: true': { sinkOptions: { gzip: true } },
  'gzip: 6': { sinkOptions: { gzip: 6 } },
  "indexPer: 'day'": { sinkOptions: { indexPer: 'day' } },
  filter: { filter: ({ action, dstport }) => action !== 'REJECT' && dstport !== 22 },
  'cloudtrail: filter': { filter: ({ eventName }) => eventName !== 'Decrypt' },
  'filter that keeps nothing': { filter: ({ action, dstport }) => action === 'NONE' && dstport === 22 },
  enrich: {
    enrich: (record) => ({ 'cloud.account.name': 'production', 'labels.service': serviceOf(record) }),
  },
  'enrich in two objects': {
    enrich: (record) => ({ 'cloud.account.name': 'production', 'source.as.organization.name': serviceOf(record) }),
  },
  eventOriginal: { eventOriginal: true },
}

function serviceOf({ action, dstport }) {
  return action === 'ACCEPT' && dstport === 443 ? 'web' : 'other'
}
