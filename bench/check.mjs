// That the bench still runs and compares like with like: every command with a handful of records.
import assert from 'node:assert/strict'
import { answersOnDuckDB, answersOnEngine } from './answers.mjs'
import { archive } from './archive.mjs'
import { coldStart } from './cold-start.mjs'
import { duckDB } from './duckdb.mjs'
import { endToEnd } from './end-to-end.mjs'
import { hostile } from './hostile.mjs'
import { index } from './index.mjs'
import { input } from './inputs/make.mjs'
import { memory } from './memory.mjs'
import { parquetFiles } from './parquet.mjs'
import { parse } from './rows/pipeline.mjs'
import { plainLoops } from './rows/plain.mjs'
import { speed } from './speed.mjs'
import { threads } from './threads.mjs'

const records = 2000

/** The documents of bulk bodies, in order. */
async function documentsOf(file, parser) {
  const lines = []
  await parse(file, parser, {}, (body) => lines.push(...body.toString().trimEnd().split('\n')))
  return lines.filter((_, index) => index % 2 === 1)
}

/** The plain loops, and `lines()`, make the same documents as flowferry: else their ratios would mean nothing. */
async function sameDocuments(format, ...parsers) {
  const file = await input(format, records)
  const plain = []
  await plainLoops[format](file, (document) => plain.push(document))
  assert.equal(plain.length, records)
  for (const parser of parsers)
    assert.deepEqual(
      (await documentsOf(file, parser)).map((document) => JSON.parse(document)),
      plain.map((document) => JSON.parse(document)),
      `${format}: the plain loop's documents are not those of ${parser}`,
    )
}

export async function check() {
  await sameDocuments('vpc-flow', 'vpc-flow', 'own')
  await sameDocuments('cloudfront', 'cloudfront')
  await sameDocuments('alb', 'alb')
  await sameDocuments('s3-access', 's3-access')
  await sameDocuments('json-lines', 'json-lines')
  const parts = [speed, memory, threads, duckDB, parquetFiles, hostile, coldStart, archive, answersOnDuckDB]
  const engines = ['elasticsearch', 'opensearch'].map(
    (store) =>
      (...args) =>
        answersOnEngine(store, ...args),
  )
  if (process.env.FLOWFERRY_TEST_ELASTICSEARCH) parts.push(endToEnd, index, ...engines)
  else
    console.error('skipped: end-to-end, index, and answers of the engines, as FLOWFERRY_TEST_ELASTICSEARCH is not set')
  const all = { results: {}, sections: {} }
  for (const part of parts) {
    const { results, sections } = await part(1, 'npm run bench -- check', records)
    Object.assign(all.results, results)
    Object.assign(all.sections, sections)
  }
  return all
}
