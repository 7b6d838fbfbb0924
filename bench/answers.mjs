// `flowferry why` and the questions of every day over ten million flow records, each beside the query that somebody writes.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { failing } from './inputs/flow-day.mjs'
import { input } from './inputs/make.mjs'
import { merged, requestsTo } from './lib/index-cost.mjs'
import { interleaved, least, middle, most, runScript } from './lib/measure.mjs'
import { figure, provenance, table } from './lib/page.mjs'
import { isoOf, plainQuestions, plainWhy } from './lib/plain-questions.mjs'
import { startServers } from './lib/servers.mjs'

const flowRecords = 10_000_000
const otherInputs = { cloudtrail: 100_000, cloudfront: 500_000 }
const ports = { elasticsearch: 19400, opensearch: 19401 }
const titles = { duckdb: 'DuckDB', elasticsearch: 'Elasticsearch', opensearch: 'OpenSearch' }

/** @param only Records of each file. */
export async function answersOnDuckDB(runs, command, only) {
  const folder = mkdtempSync(join(tmpdir(), 'flowferry-answers-'))
  try {
    const target = join(folder, 'logs.db')
    const loaded = await load({ store: 'duckdb', target, inputs: { 'flow-day': flowRecords, ...otherInputs } }, only)
    const ask = (name, { span, sql, isSame }) => ({
      name,
      query: sql,
      args: ['ask', name, ...from('duckdb', target), ...spanArgs(span.from, span.to), '--own', '10.0.0.0/8'],
      isSame: ({ rows, partial }, plain) => !partial && isSame(rows, plain),
    })
    const cases = [why('duckdb', target), ...Object.entries(plainQuestions).map(([name, one]) => ask(name, one))]
    const { seconds, text } = await measured({ store: 'duckdb', target, cases, loaded }, runs, command)
    const questions = cases.slice(1).map(({ name }) => seconds.get(name))
    return {
      results: { 'answers, duckdb, why': seconds.get('why'), 'answers, duckdb, questions': most(questions) },
      sections: { 'Answers over DuckDB': text },
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** @param only Records of the file. */
export async function answersOnEngine(store, runs, command, only) {
  const { urls, stop } = await startServers({ [store.toUpperCase()]: ports[store] })
  const [target] = urls
  const namespace = `bench${process.pid}`
  const stream = `logs-aws.vpcflow-${namespace}`
  const ask = requestsTo(target)
  try {
    const loaded = await load({ store, target, namespace, inputs: { 'flow-day': flowRecords } }, only)
    await ask('POST', `/${stream}/_refresh`)
    await merged(ask, stream)
    const { seconds, text } = await measured({ store, target, cases: [why(store, target)], loaded }, runs, command)
    return {
      results: { [`answers, ${store}, why`]: seconds.get('why') },
      sections: { [`Answers over ${titles[store]}`]: text },
    }
  } finally {
    await ask('DELETE', `/_data_stream/${stream}`)
    await stop()
  }
}

const world =
  'Flow logs of a day as `bench/inputs/flow-day.mjs` makes them, of 400 interfaces, both ends of a connection logged where both are there, and a tenth as many of the day before'
const asked =
  "A command is a process of its own, from its start to its end, on files that the system has in its cache. `why` asks about the hour in which a network ACL begins to drop a service's replies, and has to name that; its plain query (`bench/lib/plain-questions.mjs`) counts the pair's records by interface, direction, action and flags, which is no diagnosis"
const texts = {
  duckdb: `${world}, 100,000 CloudTrail events, 500,000 CloudFront requests. ${asked}. The questions of every day ask the whole day, those that compare a day or seven before it, too; each has to say what its plain query says, where \`unanswered\` names the first service alone.`,
  engine: `${world}; a data stream of one shard, which has merged what it merges by itself, on a server of this repository (\`scripts/servers\`) that shares the cores with the command. ${asked}.`,
}

const from = (store, target) =>
  store === 'duckdb' ? ['--from', `duckdb:${target}`] : ['--from', store, '--url', target]
const spanArgs = (since, until) => ['--since', isoOf(since), '--until', isoOf(until), '--no-config']

function why(store, target) {
  const { a, b, port, since, until } = failing
  const { sql, search, isSame } = plainWhy
  return {
    name: 'why',
    query: store === 'duckdb' ? sql : search,
    args: ['why', a, `${b}:${port}`, ...from(store, target), ...spanArgs(since, until)],
    isSame,
  }
}

async function load({ inputs, ...options }, only) {
  const files = []
  for (const [name, records] of Object.entries(inputs))
    files.push({ input: name, file: await input(name, only ?? records) })
  process.stderr.write(`loads ${files.map(({ file }) => file).join(', ')} into ${options.target}\n`)
  return runScript('rows/answers-load.mjs', [JSON.stringify({ ...options, files })])
}

/** As much as a terminal takes. */
const first = (answer) => JSON.stringify(answer).slice(0, 2000)

async function measured({ store, target, cases, loaded }, runs, command) {
  const timed = async (script, args) => {
    const started = performance.now()
    const result = await runScript(script, args)
    return { ...result, seconds: (performance.now() - started) / 1000 }
  }
  const answers = new Map()
  const measurements = cases.flatMap(({ name, query, args, isSame }) => [
    {
      name,
      measure: async () => {
        const { answer, ...result } = await timed('rows/answers-cli.mjs', args)
        answers.set(name, answer)
        return result
      },
    },
    {
      name: `${name}, plain`,
      measure: async () => {
        const { rows, ...result } = await timed('rows/answers-plain.mjs', [JSON.stringify({ store, target, query })])
        if (!isSame(answers.get(name), rows))
          throw new Error(`${name}: ${first(answers.get(name))} is not what the plain query says: ${first(rows)}`)
        return result
      },
    },
  ])
  const results = await interleaved(measurements, runs)
  const secondsOf = (name) => results.get(name).map(({ seconds }) => seconds)
  const peak = (name) => most(results.get(name).map(({ peak }) => peak)).toFixed(0)
  const range = (name) => `${figure(least(secondsOf(name)))} (${figure(most(secondsOf(name)))})`
  const rows = cases.map(({ name }) => {
    const plain = `${name}, plain`
    const ratio = middle(secondsOf(name).map((one, run) => one / secondsOf(plain)[run]))
    const cpu = least(results.get(name).map(({ cpu }) => cpu))
    return [name, range(name), range(plain), figure(ratio), figure(cpu), peak(name), peak(plain)]
  })
  const head = ['question', 'seconds', 'plain query, seconds', 'to plain', 'CPU s', 'peak MB', 'plain, peak MB']
  const { records, seconds } = loaded
  return {
    seconds: new Map(cases.map(({ name }) => [name, middle(secondsOf(name))])),
    text: `${provenance(command)} ${records.toLocaleString('en-US')} records, stored by the library in ${figure(seconds)} s (\`bench/rows/answers-load.mjs\`): ${texts[store === 'duckdb' ? 'duckdb' : 'engine']}\n\n${table(head, rows)}`,
  }
}
