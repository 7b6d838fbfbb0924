import { gzipSync } from 'node:zlib'
import { type Counts, detect, ingest, type ObjectReport } from '@flowferry/core'
import { cloudFront } from '@flowferry/core/formats/cloudfront'
import { cloudTrail } from '@flowferry/core/formats/cloudtrail'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import type { DuckDBSink } from '@flowferry/sink-duckdb'
import { consume, type DeadLetterCause, redrive, s3Objects } from '@flowferry/source-s3'
import type { Cloud, StoredObject } from './cloud.ts'
import { type Asked, ask } from './questions.ts'
import { generate } from './samples/generate.ts'
import type { SampleFile } from './samples/sample-file.ts'
import { count, duration, megabytes, plural } from './text.ts'

/** Where the demo says what it does. */
export interface Stage {
  /** A step that is done: its name, and what came of it. */
  readonly step: (name: string, what: string) => void
  /** How many of how many files are indexed. */
  readonly progress: (done: number, of: number) => void
}

export interface DemoResult {
  /** Everything added up. */
  readonly ok: boolean
  /** What did not. */
  readonly problems: readonly string[]
  readonly files: number
  readonly storedBytes: number
  /** Records in the files, each counted once. */
  readonly records: number
  /** Documents in the store. */
  readonly documents: number
  readonly documentsByTable: Readonly<Record<string, number>>
  /** Records that came again and were not stored again. */
  readonly duplicates: number
  readonly deadLetters: readonly DeadLetterCause[]
  readonly redriven: number
  /** From the first message to the last document. */
  readonly seconds: number
  /** What an operator asks of what is stored. */
  readonly asked: Asked
}

export const parser = detect([vpcFlow, cloudTrail, cloudFront])

/** Receives after which a message goes to the dead-letter queue. */
const maxAttempts = 2
/** An end for a demo that would otherwise wait for ever. */
const patienceMilliseconds = 60_000

/** The whole way of the logs, twice where something fails. */
export async function runDemo(cloud: Cloud, sink: DuckDBSink, stage: Stage): Promise<DemoResult> {
  await sink.connection.run('SET threads = 1') // the other threads would mostly wait, at the cost of this one
  const problems: string[] = []
  const expect = (holds: boolean, otherwise: string) => {
    if (!holds) problems.push(otherwise)
  }

  const files = generate().map((file) => ({ ...file, body: gzipSync(file.text) }))
  const records = sum(files, (file) => file.records)
  const storedBytes = sum(files, (file) => file.body.length)
  stage.step(
    'generate',
    `${plural(files.length, 'file')}, ${plural(records, 'record')}, ${megabytes(storedBytes)} gzipped`,
  )

  const cut = files.filter(({ table }) => table === 'aws_cloudtrail').at(-2)!
  const stored = new Map<string, StoredObject>()
  for (const file of files) {
    const body = file === cut ? file.body.subarray(0, Math.floor(file.body.length * 0.6)) : file.body
    stored.set(file.key, await cloud.put(file.key, body))
  }
  for (const object of stored.values()) await cloud.notify(object)
  stage.step(
    'upload',
    `to s3://${cloud.bucket}, one of them cut off in its middle; ${count(stored.size)} S3 events queued`,
  )

  const seen: ObjectReport[] = []
  const started = performance.now()
  const first = await work((all) => settled(all, files.length - 1) && attemptsAt(all, cut) >= maxAttempts, files.length)
  const indexed = first.filter(({ status }) => status === 'done')
  stage.step(
    'index',
    `${plural(indexed.length, 'file')}, ${plural(
      sum(first, ({ counts }) => counts.written),
      'document',
    )} in ${duration(performance.now() - started)}`,
  )

  const deadLetters: DeadLetterCause[] = []
  await redrive({
    sqs: cloud.sqs,
    from: cloud.deadLetterUrl,
    to: cloud.queueUrl,
    dryRun: true,
    limit: 1,
    filter: ({ cause }) => {
      if (cause) deadLetters.push(cause)
      return true
    },
  })
  const [letter] = deadLetters
  expect(letter?.key === cut.key, `the dead letter is of ${letter?.key ?? 'nothing'}, not of ${cut.key}`)
  stage.step(
    'dead letter',
    letter ? `1 message after ${letter.attempts} attempts: ${letter.code}, ${nameOf(letter.key)}` : 'none',
  )

  await cloud.put(cut.key, cut.body)
  const { redriven } = await redrive({ sqs: cloud.sqs, from: cloud.deadLetterUrl, to: cloud.queueUrl, limit: 1 })
  stage.step('repair', `the whole file uploaded, ${plural(redriven, 'message')} redriven`)

  const again = files.find(({ table }) => table === 'aws_vpcflow')!
  await cloud.notify(stored.get(again.key)!)
  const second = await work((all) => settled(all, 2), 2)
  const repaired = second.find(({ key }) => key === cut.key)
  const repeated = second.find(({ key }) => key === again.key)
  stage.step('index', `the repaired file: ${countsOf(repaired?.counts)}`)
  stage.step('redeliver', `a file that was indexed before: ${countsOf(repeated?.counts)}`)
  const seconds = Math.round(performance.now() - started) / 1000

  const documentsByTable: Record<string, number> = {}
  for (const table of new Set(files.map((file) => file.table))) {
    const [row] = await sink.query<{ n: number }>(`SELECT count(*) AS n FROM ${table}`)
    const generated = sum(
      files.filter((file) => file.table === table),
      (file) => file.records,
    )
    documentsByTable[table] = row!.n
    expect(row!.n === generated, `${table} holds ${row!.n} documents of ${generated} records`)
  }
  const documents = sum(Object.values(documentsByTable), (n) => n)
  const duplicates = sum(seen, ({ counts }) => counts.duplicate)
  // What a damaged file gave before its damage may be held back: it then counts as unfinished.
  const arrived = sum(seen, ({ counts }) => counts.read - counts.unfinished)
  expect(repeated?.counts.duplicate === again.records, `the redelivered file gave ${countsOf(repeated?.counts)}`)
  expect(repaired?.counts.read === cut.records, `the repaired file gave ${countsOf(repaired?.counts)}`)
  expect(
    duplicates === arrived - records,
    `${count(duplicates)} duplicates, where ${count(arrived)} records arrived of ${count(records)}`,
  )
  for (const [name, url] of [
    ['queue', cloud.queueUrl],
    ['dead-letter queue', cloud.deadLetterUrl],
  ] as const) {
    const depth = await cloud.depth(url)
    expect(depth === 0, `${plural(depth, 'message')} left in the ${name}`)
  }

  await sink.connection.run('RESET threads')
  const asked = await ask(sink, parser.formats)
  expect(asked.diagnosis.cause === 'reply-blocked-at-target', `why names ${asked.diagnosis.cause}`)
  return {
    ok: problems.length === 0,
    problems,
    files: files.length,
    storedBytes,
    records,
    documents,
    documentsByTable,
    duplicates,
    deadLetters,
    redriven,
    seconds,
    asked,
  }

  /** A worker, as a user would write it, until nothing is left to do. */
  async function work(done: (reports: readonly ObjectReport[]) => boolean, of: number): Promise<ObjectReport[]> {
    const stop = new AbortController()
    const reports: ObjectReport[] = []
    const patience = AbortSignal.timeout(patienceMilliseconds)
    const onObject = (report: ObjectReport) => {
      reports.push(report)
      stage.progress(Math.min(of, new Set(reports.map(({ key }) => key)).size), of)
    }
    await consume(
      cloud.queueUrl,
      (messages, signal) => ingest({ source: s3Objects(messages, { s3: cloud.s3 }), parser, sink, signal, onObject }),
      {
        sqs: cloud.sqs,
        signal: AbortSignal.any([stop.signal, patience]),
        // One batch at a time, so that no long poll is left to wait for at the end.
        concurrency: 1,
        waitSeconds: 1,
        retrySeconds: 0,
        deadLetter: { queueUrl: cloud.deadLetterUrl, maxAttempts },
        onReport: () => {
          if (done(reports)) stop.abort()
        },
        onError: ({ message }) => problems.push(message),
      },
    )
    expect(!patience.aborted, `the worker was not done after ${duration(patienceMilliseconds)}`)
    seen.push(...reports)
    return reports
  }
}

function settled(reports: readonly ObjectReport[], files: number): boolean {
  return new Set(reports.filter(({ status }) => status === 'done').map(({ key }) => key)).size >= files
}

function attemptsAt(reports: readonly ObjectReport[], { key }: SampleFile): number {
  return reports.filter((report) => report.key === key).length
}

function countsOf(counts: Counts | undefined): string {
  if (!counts) return 'nothing'
  return `${plural(counts.written, 'document')} written, ${plural(counts.duplicate, 'duplicate')} left alone`
}

function nameOf(key = ''): string {
  return key.split('/').at(-1)!
}

function sum<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((total, item) => total + value(item), 0)
}
