// `npm run mutate`: faults that are put into delivery's code one by one, each of which a unit test must see.
//   npm run mutate -- FILE...        those files only
//   npm run mutate -- --tenth 3      a tenth of all mutants, 0 to 9, the same ones each time
//   npm run mutate -- --workers 1    default: as many as the machine has cores
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { mutatedFiles, testFiles } from './files.mjs'
import { keyOf, mutantsOf, tenthOf } from './mutants.mjs'
import { folderVariable, mutantsPath, resultsReader } from './state.mjs'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { tenth: { type: 'string' }, workers: { type: 'string' } },
})
const begin = Date.now()
const known = mutatedFiles()
const unknown = positionals.filter((file) => !known.includes(file))
if (unknown.length > 0) fail(`not among the files that are mutated (test/mutation/files.mjs): ${unknown.join(', ')}`)
const tenth = values.tenth === undefined ? undefined : Number(values.tenth)
if (tenth !== undefined && !(Number.isInteger(tenth) && tenth >= 0 && tenth < 10))
  fail('--tenth is a number from 0 to 9')

const chosen = positionals.length > 0 ? positionals : known
const files = {}
const mutants = []
for (const file of chosen) {
  files[file] = mutants.length
  for (const { node, replacement, ...mutant } of mutantsOf(file, readFileSync(file, 'utf8')).mutants)
    mutants.push({ ...mutant, id: mutants.length, key: keyOf(mutant) })
}
const selected = mutants.filter((mutant) => tenth === undefined || tenthOf(mutant) === tenth)

process.env[folderVariable] = mkdtempSync(join(tmpdir(), 'flowferry-mutation-'))
const near = new Set(chosen.map((file) => dirname(file)))
const isOwn = (test) => chosen.some((file) => test.startsWith(file.slice(0, -3)))
const distance = (test) => (isOwn(test) ? 0 : near.has(dirname(test)) ? 1 : 2)
let tests = testFiles().sort((a, b) => distance(a) - distance(b))
const workers = Number(values.workers ?? availableParallelism())
const shared = { files, workers, mutants: selected.map(({ id }) => ({ id })) }

const read = resultsReader()
const results = new Map()
const done = new Set()
const broken = []
// A worker that a mutant has blocked ends, and another goes on with what is left.
for (let before = -1; tests.length > 0 && before !== results.size + done.size; ) {
  before = results.size + done.size
  writeFileSync(mutantsPath(), JSON.stringify({ ...shared, tests }))
  const arguments_ = ['run', '--config', 'test/mutation/vitest.config.mjs']
  const { signal } = spawnSync('node_modules/.bin/vitest', arguments_, {
    stdio: process.env.FLOWFERRY_MUTATION_DEBUG ? 'inherit' : ['ignore', 'ignore', 'ignore'],
  })
  if (signal) fail(`ended by ${signal}`)
  for (const result of read()) {
    if (result.broken) broken.push(result)
    if (result.done) done.add(result.test)
    else if (results.get(result.id)?.status !== 'killed') results.set(result.id, result)
  }
  tests = tests.filter((test) => !done.has(test))
}
rmSync(process.env[folderVariable], { recursive: true })

const statusOf = ({ id }) => results.get(id)?.status ?? 'unmet'
const isCaught = (mutant) => statusOf(mutant) === 'killed' || statusOf(mutant) === 'timeout'
const equivalents = JSON.parse(readFileSync(new URL('./equivalents.json', import.meta.url), 'utf8'))
const listed = new Set()
const stale = []
const byKey = new Map(mutants.map((mutant) => [mutant.key, mutant]))
for (const [file, entries] of Object.entries(equivalents)) {
  if (!existsSync(file) || !known.includes(file)) stale.push(`${file}: is not mutated`)
  if (!chosen.includes(file)) continue
  for (const entry of entries) {
    const key = keyOf({ file, ...entry })
    const mutant = byKey.get(key)
    if (!mutant) stale.push(`${file}: there is no such mutant: ${show(entry)}`)
    else if (selected.includes(mutant) && isCaught(mutant))
      stale.push(`${file}:${mutant.line}: is caught now: ${show(entry)}`)
    listed.add(key)
  }
}

const left = selected.filter((mutant) => !isCaught(mutant) && !listed.has(mutant.key))
const rows = chosen.map((file) => {
  const of = selected.filter((mutant) => mutant.file === file)
  const count = (is) => of.filter(is).length
  return {
    file,
    mutants: of.length,
    killed: count((mutant) => statusOf(mutant) === 'killed'),
    'timed out': count((mutant) => statusOf(mutant) === 'timeout'),
    listed: count((mutant) => !isCaught(mutant) && listed.has(mutant.key)),
    left: count((mutant) => left.includes(mutant)),
  }
})
const total = (column) => rows.reduce((sum, row) => sum + row[column], 0)
const columns = ['mutants', 'killed', 'timed out', 'listed', 'left']
const line = (row) => `${columns.map((column) => String(row[column]).padStart(9)).join('')}  ${row.file}`
console.log([columns.map((column) => column.padStart(9)).join(''), ...rows.map(line)].join('\n'))
console.log(
  line({
    ...Object.fromEntries(columns.map((column) => [column, total(column)])),
    file: `in ${Math.round((Date.now() - begin) / 1000)} s`,
  }),
)
for (const mutant of left)
  console.log(
    `\n${mutant.file}:${mutant.line} ${statusOf(mutant) === 'unmet' ? 'no test comes here' : 'no test sees it'}\n  ${show(mutant)}`,
  )
for (const what of stale) console.log(`\nstale in test/mutation/equivalents.json: ${what}`)
for (const { test, broken: what } of broken) console.log(`\n${test} fails without a mutant: ${what}`)
for (const test of tests) console.log(`\n${test} did not end`)
if (left.length + stale.length + broken.length + tests.length > 0) process.exitCode = 1

function show({ in: where, rule, text, to, nth }) {
  return JSON.stringify({ in: where, rule, text, to, ...(nth && { nth }) })
}

function fail(what) {
  console.error(`mutate: ${what}`)
  process.exit(1)
}
