import { once } from 'node:events'
import { tellAnswer } from '@flowferry/answers'
import { duckdbStore } from '@flowferry/answers/duckdb'
import { tell } from '@flowferry/answers/why'
import { serveDashboard } from '@flowferry/dashboard'
import { type DuckDBSink, duckdb } from '@flowferry/sink-duckdb'
import { startCloud } from './cloud.ts'
import { own, span } from './questions.ts'
import { type DemoResult, parser, runDemo, type Stage } from './run.ts'
import { incident } from './samples/world.ts'
import { count, duration, megabytes, plural } from './text.ts'

export interface DemoOptions {
  /** One JSON object, and nothing else. Default false. */
  readonly json?: boolean
  /** The dashboard over what is stored, until this aborts. Default: none, and the demo ends. */
  readonly serve?: AbortSignal
}

export type Output = NodeJS.WritableStream & { readonly isTTY?: boolean }

/**
 * The library's whole way, failure and repair included, and the answers that it is there for. Resolves with whether
 * everything added up.
 */
export async function demo(output: Output, { json = false, serve }: DemoOptions = {}): Promise<boolean> {
  if (!json) output.write('flowferry demo: S3 and SQS emulated in this process, documents in DuckDB, in memory\n\n')
  const cloud = await startCloud()
  const sink = await duckdb()
  try {
    const result = await runDemo(cloud, sink, json ? silent : stageOn(output))
    output.write(
      json ? `${JSON.stringify(machineReadable(result))}\n` : [...reportOf(result), ...answersOf(result)].join('\n'),
    )
    if (serve) await served(output, sink, serve)
    return result.ok
  } finally {
    await sink.close()
    await cloud.stop()
  }
}

/** The page, whose first sight is what the hour has of faults. */
async function served(output: Output, { connection }: DuckDBSink, signal: AbortSignal): Promise<void> {
  const store = duckdbStore({ connection, formats: parser.formats })
  const dashboard = await serveDashboard({ store, formats: parser.formats, own })
  const pair = `${incident.client} ${incident.service}:${incident.port}`
  output.write(`\nThe dashboard: ${dashboard.url}\nWhat fails is ${pair}. Ctrl+C ends it.\n`)
  if (!signal.aborted) await once(signal, 'abort')
  await dashboard.close()
}

const silent: Stage = { step: () => undefined, progress: () => undefined }

/** Steps as lines; below them, on a terminal, how far the work is. */
function stageOn(output: Output): Stage {
  const clear = output.isTTY ? '\r\u001b[K' : ''
  return {
    step: (name, what) => output.write(`${clear}  ${name.padEnd(11)}  ${what}\n`),
    progress: (done, of) => {
      if (output.isTTY) output.write(`${clear}  index        ${done} of ${of} files`)
    },
  }
}

function answersOf({ asked: { answers, diagnosis } }: DemoResult): string[] {
  return [
    '',
    ...answers.map(({ question, ...answer }) => tellAnswer(question, span, answer)),
    `Why does ${incident.client} not reach ${incident.service}:${incident.port}?`,
    tell(diagnosis),
  ]
}

/** Answers by the names of their questions; of the diagnosis, what it says, without the records. */
function machineReadable({ asked: { answers, diagnosis }, ...result }: DemoResult): object {
  const { evidence, ...why } = diagnosis
  const rows = Object.fromEntries(answers.map(({ question, rows }) => [question.name, rows]))
  return { ...result, answers: rows, why: { ...why, evidence: evidence.length } }
}

function reportOf(result: DemoResult): string[] {
  const { files, storedBytes, records, documents, duplicates, deadLetters, redriven, seconds, problems } = result
  const rows = [
    ['files', `${count(files)}, ${megabytes(storedBytes)}`],
    ['records', count(records)],
    ['documents', count(documents)],
    ['duplicates', `${count(duplicates)}, none stored twice`],
    ['dead letters', `${count(deadLetters.length)}, ${count(redriven)} redriven`],
    ['time', duration(seconds * 1000)],
  ] as const
  const verdict =
    problems.length === 0
      ? ['Everything adds up: each record is one document, and both queues are empty.']
      : [`${plural(problems.length, 'problem')}: it does not add up`, ...problems.map(indented)]
  return ['', 'Report', ...rows.map(([name, value]) => `  ${name.padEnd(12)}  ${value}`), '', ...verdict]
}

function indented(text: string): string {
  return `  ${text}`
}
