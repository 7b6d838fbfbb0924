// One file into a DuckDB file, in a process of its own: node duckdb.mjs ingest|read_csv|read_json INPUT FILE; prints JSON.
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const [, , way, input, file] = process.argv
const folder = mkdtempSync(join(tmpdir(), 'flowferry-bench-'))
const database = join(folder, 'logs.db')

const flow = `FROM read_csv('${file}', delim = ' ', header = true, nullstr = '-')`
const statements = {
  'vpc-flow': flow,
  cloudfront: `FROM read_csv('${file}', delim = '\\t', header = false, skip = 2, nullstr = '-', quote = '')`,
  cloudtrail: `SELECT unnest(record) FROM (SELECT unnest("Records") AS record
    FROM read_json('${file}', maximum_object_size = 1_000_000_000))`,
}

async function read() {
  const { DuckDBInstance } = await import('@duckdb/node-api')
  const instance = await DuckDBInstance.create(database)
  const connection = await instance.connect()
  await connection.run('SET threads = 1')
  await connection.run(`CREATE TABLE logs AS ${statements[input]}`)
  const reader = await connection.runAndReadAll('SELECT count(*)::INTEGER FROM logs')
  connection.closeSync()
  instance.closeSync()
  return reader.getRows()[0][0]
}

async function write() {
  const { duckdb } = await import('@flowferry/sink-duckdb')
  const { fileObject, run } = await import('./pipeline.mjs')
  const sink = await duckdb(database)
  await sink.connection.run('SET threads = 1')
  const { counts } = await run([fileObject(file)], input, { sink })
  await sink.close()
  return counts.written
}

const started = performance.now()
try {
  const records = await (way === 'ingest' ? write() : read())
  const { user, system } = process.cpuUsage()
  const peak = process.resourceUsage().maxRSS / 1024
  const bytes = statSync(database).size
  const seconds = (performance.now() - started) / 1000
  console.log(JSON.stringify({ records, bytes, cpu: (user + system) / 1e6, seconds, peak }))
} finally {
  rmSync(folder, { recursive: true })
}
