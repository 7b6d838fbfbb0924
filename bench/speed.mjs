// CPU of every way of reading, and of delivering to a sink that answers at once.
import { statSync } from 'node:fs'
import { input } from './inputs/make.mjs'
import {
  gzipCommand,
  interleaved,
  least,
  most,
  runScript,
  startNullSink,
  withoutGeneratedCode,
} from './lib/measure.mjs'
import { figure, provenance, table } from './lib/page.mjs'

/** Vector's language (VRL 0.34, Rust): gunzip, parse, JSON of 282 B a record. Measured once, on such a machine. */
const vrl = 3.4

const records = {
  'vpc-flow': 1_000_000,
  'vpc-flow-29': 500_000,
  'vpc-flow, fewer': 250_000,
  cloudfront: 300_000,
  cloudtrail: 100_000,
  'cloudtrail, larger': 300_000,
}

/** Input and way; a way of two words after a comma is a delivery, to the sink, by that client. */
const rows = [
  ['vpc-flow', 'gzip -dc'],
  ['vpc-flow', 'gunzip'],
  ['vpc-flow', 'plain loop'],
  ['vpc-flow', 'flowferry'],
  ['vpc-flow', 'flowferry', 'without generated code'],
  ['vpc-flow', 'filter'],
  ['vpc-flow', 'filter that keeps nothing'],
  ['vpc-flow', 'enrich'],
  ['vpc-flow', 'lines()'],
  ['vpc-flow-29', 'gunzip'],
  ['vpc-flow-29', 'flowferry'],
  ['cloudfront', 'gzip -dc'],
  ['cloudfront', 'gunzip'],
  ['cloudfront', 'plain loop'],
  ['cloudfront', 'flowferry'],
  ['cloudtrail', 'gzip -dc'],
  ['cloudtrail', 'gunzip'],
  ['cloudtrail', 'plain loop'],
  ['cloudtrail', 'flowferry'],
  ['cloudtrail, larger', 'flowferry'],
  ['vpc-flow', 'sent, elasticsearch'],
  ['vpc-flow', 'sent, opensearch'],
  ['vpc-flow, fewer', 'ready, elasticsearch'],
  ['vpc-flow, fewer', 'ready, opensearch'],
  ['vpc-flow, fewer', 'helper, elasticsearch'],
  ['vpc-flow, fewer', 'helper, opensearch'],
]

/** @param only Records of each input, for a quick look; default: what the table needs. */
export async function speed(runs, command, only) {
  const files = {}
  const count = (name) => only ?? records[name]
  for (const name of Object.keys(records)) files[name] = await input(name.split(',')[0], count(name))
  const sink = await startNullSink()
  const measurements = rows.map(([name, way, flag]) => ({
    name: [name, way, flag].filter(Boolean).join(': '),
    measure: async () => {
      if (way === 'gzip -dc') return gzipCommand(files[name])
      const args = [way, name.split(',')[0], files[name], sink.url]
      const result = await runScript('rows/row.mjs', args, flag ? withoutGeneratedCode : [])
      if (way !== 'gunzip' && result.records !== count(name))
        throw new Error(`${name}, ${way}: ${result.records} records`)
      if (!/^(sent|helper|ready)/.test(way)) return result
      const { documents, bytes } = await sink.stats()
      if (documents !== result.records) throw new Error(`${way}: ${documents} documents came`)
      return { ...result, bytes }
    },
  }))
  try {
    const results = await interleaved(measurements, runs)
    return pageOf(results, (name) => ({ records: count(name), megabytes: statSync(files[name]).size / 1e6 }), command)
  } finally {
    sink.close()
  }
}

function pageOf(results, sizeOf, command) {
  const cellsOf = (key) => {
    const { records, megabytes } = sizeOf(key.split(': ')[0])
    const runs = results.get(key)
    const cpus = runs.map(({ cpu }) => (cpu / records) * 1e6)
    const cpu = least(cpus)
    const seconds = least(runs.map((run) => run.seconds))
    const peak = runs[0].peak === undefined ? undefined : most(runs.map((run) => run.peak))
    return { cpu, most: most(cpus), rate: megabytes / seconds, peak, bytes: (runs[0].bytes ?? 0) / records }
  }
  const cpuOf = (key) => cellsOf(key).cpu
  const ratio = (key, other) => (results.has(other) && other !== key ? figure(cpuOf(key) / cpuOf(other)) : '')

  const rowOf = (key, label, others) => {
    const { cpu, most, rate, peak, bytes } = cellsOf(key)
    const cells = [label, `${figure(cpu)} (${figure(most)})`, ...others.map((other) => ratio(key, other))]
    return [...cells, figure(rate), peak === undefined ? '' : peak.toFixed(0), bytes > 0 ? bytes.toFixed(0) : '']
  }
  const section = (text, keys, others) => {
    const heads = others.map((other) => `to ${other}`)
    const head = ['way', 'CPU s per million', ...heads, 'MB/s of gzip', 'peak MB', 'bytes out a record']
    const lines = keys.map(([key, label = key]) => {
      const name = key.split(':')[0].split(',')[0]
      return rowOf(
        key,
        label,
        others.map((other) => (other.includes(':') ? other : `${name}: ${other}`)),
      )
    })
    return `${text}\n\n${table(head, lines)}`
  }
  const read = ['gzip -dc', 'gunzip', 'plain loop']
  const flow = 'vpc-flow: flowferry'
  return {
    results: {
      'vpc-flow': cpuOf(flow),
      fallback: cpuOf(`${flow}: without generated code`),
      plain: cpuOf('vpc-flow: plain loop') / cpuOf(flow),
      vrl: vrl / cpuOf(flow),
      sent: cpuOf('vpc-flow: sent, elasticsearch'),
      cloudfront: cpuOf('cloudfront: flowferry'),
      cloudtrail: cpuOf('cloudtrail: flowferry'),
      linear: cpuOf('cloudtrail, larger: flowferry') / cpuOf('cloudtrail: flowferry'),
      filter: cpuOf('vpc-flow: filter') / cpuOf(flow),
      enrich: cpuOf('vpc-flow: enrich') / cpuOf(flow),
      dropped: cpuOf('vpc-flow: filter that keeps nothing') / cpuOf(flow),
      own: cpuOf('vpc-flow: lines()') / cpuOf('vpc-flow: plain loop'),
    },
    sections: {
      'Flow logs': section(
        `${provenance(command)} A row is \`node bench/rows/row.mjs WAY INPUT FILE\`, without code from strings with \`${withoutGeneratedCode.join(' ')}\`. What comes out is counted and dropped: no HTTP. \`gunzip\` inflates in Node and does nothing else. \`plain loop\` is what somebody writes in an hour (readline, split, object, JSON.stringify): the same documents, byte for byte. \`lines()\` is a user's own parser, with the plain loop's functions. 112 B a line with 14 fields, 245 B with 29.`,
        rows.filter(([name, way]) => name.startsWith('vpc-flow') && !way.includes(',')).map((row) => [row.join(': ')]),
        read,
      ),
      'CloudFront and CloudTrail': section(
        `${provenance(command)} As above; the plain loop gives CloudFront's documents in full and CloudTrail's main fields, with the whole file in memory. 457 B a CloudFront line, 1,834 B a CloudTrail event.`,
        rows.filter(([name]) => name.startsWith('cloud')).map((row) => [row.join(': ')]),
        read,
      ),
      Delivered: section(
        `${provenance(command)} Flow logs over plain HTTP to a sink that answers at once (\`bench/lib/null-sink.mjs\`), a process of its own: the sender's CPU counts. \`sent\` is the whole way from the file; \`ready\` sends bodies that are in memory already through the same client, what no sender goes below; \`helper\` is the client's own \`helpers.bulk\` with the plain loop's objects.`,
        rows.filter(([, way]) => way.includes(', ')).map((row) => [row.join(': ')]),
        ['vpc-flow: flowferry', 'vpc-flow, fewer: helper, elasticsearch'],
      ),
    },
  }
}
