// Flow logs in Parquet: documents as bulk bodies, against hyparquet's reading of the columns alone.
import { existsSync, mkdirSync } from 'node:fs'
import { DuckDBInstance } from '@duckdb/node-api'
import { here, interleaved, least, middle, most, runScript } from './lib/measure.mjs'
import { figure, provenance, table } from './lib/page.mjs'

/** Rows by DuckDB, with AWS's columns and types. */
async function inputFile(records) {
  const folder = here('../.cache/bench')
  const file = `${folder}/flows-${records}.parquet`
  if (existsSync(file)) return file
  mkdirSync(folder, { recursive: true })
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  const any = (below) => `(hash(i, ${below}) % ${below})`
  await connection.run(
    `COPY (SELECT 2::INT AS version, '123456789012' AS account_id, 'eni-0a1b2c3d4e5f6' || lpad(${any(200)}::VARCHAR, 4, '0') AS interface_id,
      '10.0.' || ${any(251)} || '.' || ${any(253)} AS srcaddr, '10.1.' || ${any(20)} || '.' || ${any(250)} AS dstaddr,
      ${any(64_000)}::INT AS srcport, ${any(9000)}::INT AS dstport, CASE ${any(5)} WHEN 0 THEN 17 ELSE 6 END AS protocol,
      ${any(210)}::BIGINT AS packets, ${any(90_000)}::BIGINT AS bytes, (1790000000 + i // 1000)::BIGINT AS start,
      (1790000060 + i // 1000)::BIGINT AS "end", CASE ${any(10)} WHEN 0 THEN 'REJECT' ELSE 'ACCEPT' END AS action, 'OK' AS log_status
      FROM range(${records}) t(i)) TO '${file}' (FORMAT parquet, CODEC 'gzip')`,
  )
  connection.closeSync()
  instance.closeSync()
  return file
}

/** @param only Records of the file. */
export async function parquetFiles(runs, command, only) {
  const records = only ?? 1_000_000
  const file = await inputFile(records)
  const ways = ['hyparquet', 'documents']
  const results = await interleaved(
    ways.map((way) => ({
      name: way,
      measure: async () => {
        const result = await runScript('rows/parquet.mjs', [way, file])
        if (result.records !== records) throw new Error(`${way}: ${result.records} records`)
        return result
      },
    })),
    runs,
  )
  const peak = (way) => most(results.get(way).map((one) => one.peak))
  const ratio = middle(results.get('documents').map(({ cpu }, run) => cpu / results.get('hyparquet')[run].cpu))
  const rows = ways.map((way) => {
    const cpu = results.get(way).map((one) => (one.cpu / records) * 1e6)
    return [
      way,
      `${figure(least(cpu))} (${figure(most(cpu))})`,
      way === 'documents' ? figure(ratio) : '',
      peak(way).toFixed(0),
    ]
  })
  return {
    results: { parquet: ratio, 'parquet peak': peak('documents') },
    sections: {
      Parquet: `${provenance(command)} ${records} flow records of 14 columns, by DuckDB with GZIP; \`node bench/rows/parquet.mjs WAY FILE\`. \`hyparquet\` reads all columns, a row group at a time, into arrays; \`documents\` makes bulk bodies of ECS documents.\n\n${table(['way', 'CPU s per million', "to hyparquet's columns", 'peak MB'], rows)}`,
    },
  }
}
