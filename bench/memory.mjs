// Memory over very long streams: flow logs, and CloudTrail events in one array.
import { input } from './inputs/make.mjs'
import { most, runScript, startNullSink } from './lib/measure.mjs'
import { provenance, table } from './lib/page.mjs'

const streams = {
  'vpc-flow': { repeated: 'vpc-flow-lines', records: 1_000_000, bytes: 10e9 },
  cloudtrail: { repeated: 'cloudtrail-records', records: 50_000, bytes: 5e9 },
}

/** @param only Records of the repeated file, ten times over: a quick look. */
export async function memory(_, command, only) {
  const files = {}
  for (const [name, { repeated, records }] of Object.entries(streams))
    files[name] = await input(repeated, only ?? records)
  const sink = await startNullSink()
  const measure = async (name, way) => {
    const length = only ? only * 1000 : streams[name].bytes
    process.stderr.write(`${name}, ${way}\n`)
    const result = await runScript('rows/memory.mjs', [name, files[name], String(length), way, sink.url])
    process.stderr.write(`${name}, ${way}: ${result.seconds.toFixed(0)} s\n`)
    return [`${name}, ${way}`, result]
  }
  try {
    // Both at a time, of two cores: speed is not the question.
    const ways = ['parsed', 'sent'].map(async (way) => [
      await measure('vpc-flow', way),
      await measure('cloudtrail', way),
    ])
    const results = (await Promise.all(ways)).flat()
    const peakOf = (way) => most(results.filter(([name]) => name.endsWith(way)).map(([, { peak }]) => peak))
    const tenths = Array.from({ length: 10 }, (_, i) => `${(i + 1) * 10} %`)
    const rows = results.map(([name, { records, bytes, peaks, peak }]) => [
      name,
      `${(bytes / 1e9).toPrecision(3)} GB`,
      `${(records / 1e6).toPrecision(3)} M`,
      ...peaks.map((one) => one.toFixed(0)),
      `**${peak.toFixed(0)}**`,
    ])
    return {
      results: { 'peak parsing': peakOf('parsed'), 'peak sending': peakOf('sent') },
      sections: {
        Memory: `${provenance(command)} MB of resident memory, the most in each tenth of one stream; \`node bench/rows/memory.mjs INPUT FILE BYTES WAY SINK\`. All of CloudTrail's events are one line, in one array. \`sent\` delivers over HTTP through the Elasticsearch client; \`parsed\` drops the bulk bodies.\n\n${table(['stream', 'inflated', 'records', ...tenths, 'peak'], rows)}`,
      },
    }
  } finally {
    sink.close()
  }
}
