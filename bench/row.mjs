// One measurement in a process of its own: node row.mjs WAY FORMAT FILE; prints JSON.
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { createGunzip } from 'node:zlib'
import { bulkSink, ingest } from '@flowferry/core'
import { cloudFront } from '@flowferry/core/formats/cloudfront'
import { cloudTrail } from '@flowferry/core/formats/cloudtrail'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'

const [, , way, format, file] = process.argv
const parsers = { 'vpc-flow': vpcFlow, cloudfront: cloudFront, cloudtrail: cloudTrail }
const chunk = 256 * 1024
const inflated = () => createReadStream(file, { highWaterMark: chunk }).pipe(createGunzip({ chunkSize: chunk }))

let bytes = 0
let records = 0

/** The pipeline as it is, into a sink that counts its bulk bodies and throws them away. */
async function flowferry(steps = {}) {
  const sink = bulkSink(async (body) => {
    bytes += body.length
    return { status: 200, body: { errors: false } }
  })
  const open = async () => ({ etag: 'bench', body: createReadStream(file, { highWaterMark: chunk }) })
  const report = await ingest({
    source: [{ objects: [{ bucket: 'bench', key: file, open }] }],
    parser: parsers[format],
    sink,
    ...steps,
  })
  if (!report.ok) throw report.messages[0].objects[0].error
  records = report.counts.read
}

/** What somebody writes in an hour: readline, split, an object, JSON.stringify. */
async function plainLoop() {
  for await (const line of createInterface({ input: inflated() })) {
    if (records++ === 0) continue
    const v = line.split(' ')
    const end = new Date(v[11] * 1000).toISOString()
    const accepted = v[12] === 'ACCEPT'
    const document = {
      '@timestamp': end,
      ecs: { version: '8.11.0' },
      event: {
        kind: 'event',
        module: 'aws',
        dataset: 'aws.vpcflow',
        category: ['network'],
        type: ['connection', accepted ? 'allowed' : 'denied'],
        start: new Date(v[10] * 1000).toISOString(),
        end,
        action: accepted ? 'accept' : 'reject',
        outcome: accepted ? 'success' : 'failure',
      },
      cloud: { provider: 'aws', account: { id: v[1] } },
      aws: { vpcflow: { version: v[0], account_id: v[1], interface_id: v[2], action: v[12], log_status: v[13] } },
      source: { address: v[3], ip: v[3], port: Number(v[5]), packets: Number(v[8]), bytes: Number(v[9]) },
      related: { ip: [v[3], v[4]] },
      destination: { address: v[4], ip: v[4], port: Number(v[6]) },
      network: {
        iana_number: v[7],
        packets: Number(v[8]),
        bytes: Number(v[9]),
        transport: v[7] === '6' ? 'tcp' : 'udp',
        type: 'ipv4',
      },
      data_stream: { type: 'logs', dataset: 'aws.vpcflow', namespace: 'default' },
    }
    bytes += Buffer.byteLength(
      `{"create":{"_index":"logs-aws.vpcflow-default","_id":"bench${records}"}}\n${JSON.stringify(document)}\n`,
    )
  }
}

const ways = {
  flowferry: () => flowferry(),
  filter: () => flowferry({ filter: ({ action, dstport }) => action !== 'REJECT' && dstport !== 22 }),
  enrich: () => flowferry({ enrich: ({ dstport }) => ({ 'labels.service': dstport === 443 ? 'web' : 'other' }) }),
  gunzip: async () => {
    for await (const piece of inflated()) bytes += piece.length
  },
  'plain loop': plainLoop,
}

const before = process.cpuUsage()
const started = performance.now()
await ways[way]()
const { user, system } = process.cpuUsage(before)
const seconds = (performance.now() - started) / 1000
console.log(
  JSON.stringify({ records, bytes, cpu: (user + system) / 1e6, seconds, peak: process.resourceUsage().maxRSS / 1024 }),
)
