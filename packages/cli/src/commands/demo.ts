import { warnOnce } from '../aws.ts'
import { startCloud } from '../demo/cloud.ts'
import { questions } from '../demo/questions.ts'
import { type DemoResult, runDemo, type Stage } from '../demo/run.ts'
import { type ExitCode, exitCodes, type Io, line } from '../io.ts'
import { newBar } from '../progress.ts'
import { bytes, type Cell, count, duration, plural, table } from '../text.ts'

export interface DemoOptions {
  readonly json?: boolean
}

/** `flowferry demo`: the library's whole way, failure and repair included, and the answers that it is there for. */
export async function demo({ json = false }: DemoOptions, io: Io): Promise<ExitCode> {
  warnOnce(io)
  const { duckdb } = await import('@flowferry/sink-duckdb')
  if (!json) {
    line(io.stdout, 'flowferry demo: S3 and SQS emulated in this process, documents in DuckDB, in memory')
    line(io.stdout)
  }
  const stage = json ? silent : await openStage(io)
  const cloud = await startCloud()
  const sink = await duckdb()
  try {
    const result = await runDemo(cloud, sink, stage, io.signal)
    if (json) line(io.stdout, JSON.stringify(result))
    else print(result, io)
    return result.ok ? exitCodes.ok : exitCodes.failed
  } finally {
    stage.close()
    await sink.close()
    await cloud.stop()
  }
}

const silent = { step: () => undefined, progress: () => undefined, close: () => undefined }

/** Steps as lines; between them, on a terminal, a bar. */
async function openStage(io: Io): Promise<Stage & { close: () => void }> {
  const step: Stage['step'] = (name, what) => line(io.stdout, `  ${name.padEnd(11)}  ${what}`)
  if (!io.stdout.isTTY) return { ...silent, step }
  const bar = await newBar(io.stdout, '  index        {bar} {value}/{total} files')
  let running = false
  const close = () => {
    if (running) bar.stop()
    running = false
  }
  return {
    close,
    step: (name, what) => {
      close()
      step(name, what)
    },
    progress: (done, of) => {
      if (!running) bar.start(of, done)
      else bar.update(done)
      running = true
    },
  }
}

function print(result: DemoResult, io: Io): void {
  for (const { name, title } of questions) {
    line(io.stdout)
    line(io.stdout, title)
    for (const text of table(result.answers[name]!.map(withUnits))) line(io.stdout, text)
  }
  const { files, storedBytes, records, documents, duplicates, deadLetters, redriven, seconds, problems } = result
  line(io.stdout)
  line(io.stdout, 'Report')
  const rows: [string, string][] = [
    ['files', `${count(files)}, ${bytes(storedBytes)}`],
    ['records', count(records)],
    ['documents', count(documents)],
    ['duplicates', `${count(duplicates)}, none stored twice`],
    ['dead letters', `${count(deadLetters.length)}, ${count(redriven)} redriven`],
    ['time', duration(seconds * 1000)],
  ]
  for (const [name, value] of rows) line(io.stdout, `  ${name.padEnd(12)}  ${value}`)
  line(io.stdout)
  if (problems.length === 0)
    line(io.stdout, 'Everything adds up: each record is one document, and both queues are empty.')
  else line(io.stderr, `${plural(problems.length, 'thing does', 'things do')} not add up:`)
  for (const problem of problems) line(io.stderr, `  ${problem}`)
}

/** Bytes as a person reads them; the JSON keeps the number. */
function withUnits(row: Readonly<Record<string, Cell>>): Record<string, Cell> {
  return 'bytes' in row ? { ...row, bytes: bytes(Number(row.bytes)) } : { ...row }
}
