// Files into a DuckDB file, against DuckDB's own reader of the same files: whole processes, one thread of DuckDB's.
import { input } from './inputs/make.mjs'
import { interleaved, least, middle, most, runScript } from './lib/measure.mjs'
import { figure, provenance, table } from './lib/page.mjs'

const inputs = { 'vpc-flow': 200_000, cloudfront: 100_000, cloudtrail: 20_000 }
const readers = { 'vpc-flow': 'read_csv', cloudfront: 'read_csv', cloudtrail: 'read_json' }

/** @param only Records of each file. */
export async function duckDB(runs, command, only) {
  const cases = []
  for (const [name, records] of Object.entries(inputs)) {
    const file = await input(name, only ?? records)
    for (const way of ['ingest', readers[name]])
      cases.push({ name: `${name}, ${way}`, input: name, way, file, records: only ?? records })
  }
  const measurements = cases.map(({ name, input, way, file, records }) => ({
    name,
    measure: async () => {
      const result = await runScript('rows/duckdb.mjs', [way, input, file])
      if (result.records !== records) throw new Error(`${name}: ${result.records} records`)
      return result
    },
  }))
  const results = await interleaved(measurements, runs)
  /** The middle of what a run needed, against DuckDB's reader in the same run. */
  const ratio = (input) => {
    const read = results.get(`${input}, ${readers[input]}`)
    return middle(results.get(`${input}, ingest`).map(({ cpu }, run) => cpu / read[run].cpu))
  }
  const peak = (name) => most(results.get(name).map(({ peak }) => peak))
  const size = (name, records) => middle(results.get(name).map(({ bytes }) => bytes)) / records
  const rows = cases.map(({ name, input, way, records }) => {
    const cpu = results.get(name).map(({ cpu }) => (cpu / records) * 1e6)
    return [
      name,
      `${figure(least(cpu))} (${figure(most(cpu))})`,
      way === 'ingest' ? figure(ratio(input)) : '',
      peak(name).toFixed(0),
      size(name, records).toFixed(0),
    ]
  })
  const head = ['way', 'CPU s per million', "to DuckDB's reader", 'peak MB', 'B a record in the file']
  return {
    results: {
      duckdb: ratio('vpc-flow'),
      'duckdb, CloudFront': ratio('cloudfront'),
      'duckdb, CloudTrail': ratio('cloudtrail'),
      'duckdb peak': peak('vpc-flow, ingest'),
      'duckdb size': size('vpc-flow, ingest', cases[0].records),
    },
    sections: {
      DuckDB: `${provenance(command)} From gz to a closed file, imports and the last checkpoint included; \`node bench/rows/duckdb.mjs WAY INPUT FILE\`. \`ingest\` writes ids, every ECS column, and what has none; DuckDB's readers write the columns of the file as it is, without ids.\n\n${table(head, rows)}`,
    },
  }
}
