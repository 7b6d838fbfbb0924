// Measures, and writes what it found into RESULTS.md, each command its own part:
//   npm run bench [-- RUNS]              CPU of every way, of delivery and of imports; some 5 minutes for 3 runs
//   npm run bench -- memory              10 GB of flow logs and 5 GB of CloudTrail; some 5 minutes
//   npm run bench -- end-to-end [RUNS]   S3 to real search engines; some 5 minutes for 3 runs. The servers are those of
//                                        the tests (FLOWFERRY_TEST_*), else they are started, and stopped again
//   npm run bench -- index [ROUNDS]      what an index costs the store, by mapping, settings and documents; some 15 minutes
//                                        for 3 rounds, on the same servers
//   npm run bench -- threads [RUNS]      one thread against several
//   npm run bench -- duckdb [RUNS]       files into a DuckDB file, against DuckDB's own readers
//   npm run bench -- parquet [RUNS]      flow logs in Parquet, against hyparquet's reading of the columns
//   npm run bench -- hostile [RUNS]      the longest turn of the event loop over files made to hold it
//   npm run bench -- archive [RUNS]      `why` straight over an archive of a million keys; some 10 minutes for 3 runs
//   npm run bench -- answers [RUNS]      `why` and the questions of every day over ten million flow records in DuckDB, `why` in
//                                        the engines, one after the other; some 30 minutes. Each alone: answers-duckdb,
//                                        answers-elasticsearch, answers-opensearch
//   npm run bench -- check               everything with a handful of records, RESULTS.md untouched
import { rmSync } from 'node:fs'
import { here } from './lib/measure.mjs'
import { writePage } from './lib/page.mjs'

const all = async (...parts) => ({
  results: Object.assign({}, ...parts.map(({ results }) => results)),
  sections: Object.assign({}, ...parts.map(({ sections }) => sections)),
})
const answersOn =
  (store) =>
  async (...args) => {
    const { answersOnDuckDB, answersOnEngine } = await import('./answers.mjs')
    return store === 'duckdb' ? answersOnDuckDB(...args) : answersOnEngine(store, ...args)
  }
const commands = {
  speed: async (runs, command) =>
    all(
      await (await import('./speed.mjs')).speed(runs, command),
      await (await import('./cold-start.mjs')).coldStart(runs, command),
    ),
  memory: async (...args) => (await import('./memory.mjs')).memory(...args),
  'end-to-end': async (...args) => (await import('./end-to-end.mjs')).endToEnd(...args),
  index: async (...args) => (await import('./index.mjs')).index(...args),
  threads: async (...args) => (await import('./threads.mjs')).threads(...args),
  duckdb: async (...args) => (await import('./duckdb.mjs')).duckDB(...args),
  parquet: async (...args) => (await import('./parquet.mjs')).parquetFiles(...args),
  hostile: async (...args) => (await import('./hostile.mjs')).hostile(...args),
  archive: async (...args) => (await import('./archive.mjs')).archive(...args),
  answers: async (...args) => {
    const parts = []
    for (const store of ['duckdb', 'elasticsearch', 'opensearch']) parts.push(await answersOn(store)(...args))
    return all(...parts)
  },
  'answers-duckdb': answersOn('duckdb'),
  'answers-elasticsearch': answersOn('elasticsearch'),
  'answers-opensearch': answersOn('opensearch'),
  check: async () => (await import('./check.mjs')).check(),
}

const given = process.argv.slice(2)
const [what, runs = '3'] = given.length === 0 || /^\d+$/.test(given[0]) ? ['speed', ...given] : given
if (!(what in commands) || !/^[1-9]\d*$/.test(runs)) {
  console.error(`usage: npm run bench [-- ${Object.keys(commands).join(' | ')}] [RUNS]`)
  process.exit(2)
}
const page = what === 'check' ? here('../.cache/bench/check.md') : here('RESULTS.md')
if (what === 'check') rmSync(page, { force: true })
const command = given.length > 0 ? `npm run bench -- ${given.join(' ')}` : 'npm run bench'
const { results, sections } = await commands[what](Number(runs), command)
writePage(page, results, sections)
console.log(`written to ${page}`)
process.exit()
