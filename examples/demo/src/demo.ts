import { duckdb } from '@flowferry/sink-duckdb'
import { startCloud } from './cloud.ts'
import { questions } from './questions.ts'
import { type DemoResult, runDemo, type Stage } from './run.ts'
import { count, duration, megabytes, plural, table } from './text.ts'

export interface DemoOptions {
  /** One JSON object, and nothing else. Default false. */
  readonly json?: boolean
}

export type Output = NodeJS.WritableStream & { readonly isTTY?: boolean }

/**
 * The library's whole way, failure and repair included, and the answers that it is there for. Resolves with whether
 * everything added up.
 */
export async function demo(output: Output, { json = false }: DemoOptions = {}): Promise<boolean> {
  if (!json) output.write('flowferry demo: S3 and SQS emulated in this process, documents in DuckDB, in memory\n\n')
  const cloud = await startCloud()
  const sink = await duckdb()
  try {
    const result = await runDemo(cloud, sink, json ? silent : stageOn(output))
    output.write(json ? `${JSON.stringify(result)}\n` : [...answersOf(result), ...reportOf(result), ''].join('\n'))
    return result.ok
  } finally {
    await sink.close()
    await cloud.stop()
  }
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

function answersOf({ answers }: DemoResult): string[] {
  return questions.flatMap(({ name, title }) => ['', title, ...table(answers[name]!).map(indented)])
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
