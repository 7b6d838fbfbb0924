// flowferry through its public API: one file into a sink.
import { createReadStream } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { gunzipSync, gzipSync } from 'node:zlib'
import { cloudWatchLogs, communityId, detect, ingest, lines, relatedEntity } from '@flowferry/core'
import { albAccess } from '@flowferry/core/formats/alb'
import { cloudFront } from '@flowferry/core/formats/cloudfront'
import { cloudTrail } from '@flowferry/core/formats/cloudtrail'
import { route53Resolver } from '@flowferry/core/formats/route53-resolver'
import { s3Access } from '@flowferry/core/formats/s3-access'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { waf } from '@flowferry/core/formats/waf'
import { bulkSink } from '@flowferry/search'
import { app } from './app.mjs'
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

/** Whose an account and an interface are, as a list knows it; what an address is, as a database does. */
const owners = {
  name: 'owners',
  derived: (derive) => [
    derive('cloud.account.name', ['cloud.account.id'], () => 'production'),
    derive('labels.team', ['aws.vpcflow.interface_id'], (id) => `team-${id.charCodeAt(6) % 8}`),
  ],
}
const places = {
  name: 'places',
  derived: (derive) => [
    derive(['source.as.number', 'source.geo.country_iso_code'], ['source.ip'], (address) => ({
      'source.as.number': Number.parseInt(address, 10),
      'source.geo.country_iso_code': address < '5' ? 'DE' : 'US',
    })),
  ],
}

const parsers = {
  'vpc-flow': vpcFlow,
  'vpc-flow-29': vpcFlow,
  'flow-day': vpcFlow,
  cloudfront: cloudFront,
  alb: albAccess,
  's3-access': s3Access,
  waf,
  'route53-resolver': route53Resolver,
  cloudtrail: cloudTrail,
  'cloudtrail-unknown': cloudTrail,
  own,
  'json-lines': app,
  'vpc-flow, owners': vpcFlow.with(owners),
  'vpc-flow, places': vpcFlow.with(places),
  'vpc-flow, community id': vpcFlow.with(communityId),
  'cloudtrail, related.entity': cloudTrail.with(relatedEntity),
  detect: detect(formats),
  'vpc-flow-envelopes': cloudWatchLogs(vpcFlow),
  'cloudtrail-envelopes': cloudWatchLogs(cloudTrail),
}

/** A file as an object that `ingest` takes. */
export function fileObject(file, body = () => createReadStream(file, { highWaterMark: 256 * 1024 })) {
  return { bucket: 'bench', key: file, open: async () => ({ etag: 'bench', body: body() }) }
}

/** What a bulk sink gets from a store that takes everything. */
export function allCreated(body) {
  // Inflating is this stand-in's work, and in the rows of gzip's figures.
  const text = body[0] === 0x1f ? gunzipSync(body) : body
  let lines = 0
  for (let at = text.indexOf(10); at !== -1; at = text.indexOf(10, at + 1)) lines++
  return { status: 200, body: undefined, created: lines / 2 }
}

/** Counts bulk bodies and drops them. `keep` gets each body. */
export function droppingSink(keep, options) {
  const total = { bytes: 0 }
  const sink = bulkSink(async (body) => {
    total.bytes += body.length
    keep?.(body)
    return allCreated(body)
  }, options)
  return { sink, total }
}

export async function run(objects, parser, options) {
  const source = objects.map((object) => ({ objects: [object] }))
  const report = await ingest({ source, parser: parsers[parser], ...options })
  if (!report.ok) throw report.messages.flatMap(({ objects }) => objects).find(({ error }) => error).error
  return report
}

/** What a sink would send of the objects, kept in memory. */
export async function bodiesOf(objects, parser, namespace) {
  const bodies = []
  const { sink } = droppingSink((body) => bodies.push(Buffer.from(body)))
  const { counts } = await ingest({ source: [{ objects }], parser, sink, namespace })
  return { bodies, records: counts.read }
}

/** One file into the sink that drops. Resolves with records and bytes of bulk bodies. */
export async function parse(file, input, { sinkOptions, parser = input, ...steps } = {}, keep = undefined) {
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

/** What a way does besides, or the parser that it reads with; where an input's fields matter, it stands before it. */
export const steps = {
  'gzip: true': { sinkOptions: { gzip: true } },
  'gzip: 6': { sinkOptions: { gzip: 6 } },
  "indexPer: 'day'": { sinkOptions: { indexPer: 'day' } },
  filter: { filter: ({ action, dstport }) => action !== 'REJECT' && dstport !== 22 },
  'cloudtrail: filter': { filter: ({ eventName, readOnly }) => eventName !== 'Decrypt' || readOnly !== true },
  'filter that keeps nothing': { filter: ({ action, dstport }) => action === 'NONE' && dstport === 22 },
  enrich: {
    enrich: (record) => ({ 'cloud.account.name': 'production', 'labels.service': serviceOf(record) }),
  },
  'enrich in two objects': {
    enrich: (record) => ({ 'cloud.account.name': 'production', 'source.as.organization.name': serviceOf(record) }),
  },
  'late-bound': { parser: 'vpc-flow, owners' },
  'late-bound by address': { parser: 'vpc-flow, places' },
  'community id': { parser: 'vpc-flow, community id' },
  'related.entity': { parser: 'cloudtrail, related.entity' },
  eventOriginal: { eventOriginal: true },
}

function serviceOf({ action, dstport }) {
  return action === 'ACCEPT' && dstport === 443 ? 'web' : 'other'
}
