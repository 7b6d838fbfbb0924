import { setTimeout } from 'node:timers/promises'
import type {
  Alert,
  AlertsReport,
  AlertsState,
  EvaluateOptions,
  QueueState,
  WindowTime,
} from '@flowferry/answers/alerts'
import { FlowferryError } from '@flowferry/core'
import { sqsClient } from '../aws.ts'
import { alertsOf } from '../config/alerts.ts'
import { type Settings, withFrom } from '../config/settings.ts'
import { logFormatNames, parserFor } from '../formats.ts'
import { hintsFor } from '../hints.ts'
import { type ExitCode, exitCodes, type Io, line, queueUrl, refuseOptions, UsageError } from '../io.ts'
import { type FromOptions, isArchive, openStore } from '../open-store.ts'
import { parseDuration, parseTime } from '../times.ts'
import { readIfThere, replaceFile } from '../whole-file.ts'

export interface AlertsCommandOptions extends Partial<FromOptions> {
  readonly state?: string
  readonly every?: string
  readonly until?: string
  readonly late?: string
  readonly window?: WindowTime
  readonly own?: readonly string[]
  readonly dlq?: readonly string[]
  readonly dashboard?: string
  readonly compile?: 'kibana' | 'opensearch'
  readonly json?: boolean
}

const ofEvaluation = ['state', 'every', 'until', 'window', 'dlq', 'dashboard'] as const

/** `flowferry alerts`: what fires in a store, once or again and again; or the list of alerts. Writes nothing into the store. */
export async function alertsCommand(
  names: readonly string[],
  options: AlertsCommandOptions,
  io: Io,
  settings: Settings,
): Promise<ExitCode> {
  const all = await alertsOf(settings.alerts, settings.file)
  const alerts = names.length === 0 ? all : await named(all, names)
  if (options.compile) return compile(alerts, options, io, settings)
  // The store of the config alone is none that somebody asked for.
  const isAsked = options.from !== undefined || ofEvaluation.some((name) => options[name] !== undefined)
  if (!isAsked && names.length === 0) return list(alerts, options, io)
  return evaluateFrom(alerts, options, io, settings)
}

async function named(all: readonly Alert[], names: readonly string[]): Promise<readonly Alert[]> {
  const { isIt } = await import('@flowferry/core/internal')
  const known = all.map(({ name }) => name)
  const unknown = names.find((name) => !known.includes(name))
  if (unknown !== undefined)
    throw new UsageError(`there is no alert "${unknown}"${isIt(unknown, known)} (flowferry alerts lists them all)`)
  return all.filter(({ name }) => names.includes(name))
}

async function list(alerts: readonly Alert[], { json }: AlertsCommandOptions, io: Io): Promise<ExitCode> {
  const rows = alerts.map(({ name, title, severity, formats, window, every, threshold, counts, know }) => {
    return { name, title, severity, formats, window, every, threshold, counts, know }
  })
  if (json) {
    line(io.stdout, JSON.stringify({ alerts: rows }))
    return exitCodes.ok
  }
  const { table } = await import('@flowferry/core/internal')
  const cells = rows.map(({ name, title, severity, formats, window }) => ({
    alert: name,
    severity,
    window,
    'what it tells': title,
    'of the logs': formats.join(' ') || '-',
  }))
  for (const text of table(cells, '')) line(io.stdout, text)
  return exitCodes.ok
}

async function compile(
  alerts: readonly Alert[],
  options: AlertsCommandOptions,
  io: Io,
  settings: Settings,
): Promise<ExitCode> {
  refuseOptions(options, ['from', ...ofEvaluation], 'an evaluation; --compile asks no store')
  const { kibanaRule, openSearchMonitor } = await import('@flowferry/answers/alerts')
  const { formats } = await parserFor(logFormatNames(settings), 'small', settings)
  const { thresholds = {}, except = {} } = settings.alerts ?? {}
  const { own, late } = options
  const given = {
    formats,
    thresholds,
    except,
    ...(own && { own }),
    ...(late !== undefined && { late: parseDuration('--late', late) }),
  }
  const made = alerts.map((alert) =>
    options.compile === 'kibana' ? kibanaRule(alert, given) : openSearchMonitor(alert, given),
  )
  for (const text of JSON.stringify(made, null, 2).split('\n')) line(io.stdout, text)
  return exitCodes.ok
}

async function evaluateFrom(
  alerts: readonly Alert[],
  options: AlertsCommandOptions,
  io: Io,
  settings: Settings,
): Promise<ExitCode> {
  const { every, state: file, until, late, own, window, dashboard, dlq = [] } = options
  if (every !== undefined && until !== undefined) throw new UsageError('--until is one evaluation, and --every goes on')
  const { from, url, cloudId, auth, index, indexPer } = withFrom(options, settings)
  const places: FromOptions = {
    from,
    ...(url !== undefined && { url }),
    ...(cloudId !== undefined && { cloudId }),
    ...(auth && { auth }),
    ...(index !== undefined && { index }),
    ...(indexPer && { indexPer }),
  }
  if (isArchive(places)) throw new UsageError('alerts are asked of a store, not of the archive (flowferry ingest)')
  for (const queue of dlq) queueUrl('--dlq', queue)
  const pause = every === undefined ? undefined : parseDuration('--every', every)
  if (pause !== undefined && pause < 10_000) throw new UsageError('--every takes 10s or more')
  const { formats } = await parserFor(logFormatNames(settings), 'small', settings)
  const { thresholds = {}, except = {} } = settings.alerts ?? {}
  const common: EvaluateOptions = {
    formats,
    thresholds,
    except,
    ...(own && { own }),
    ...(window && { window }),
    ...(dashboard !== undefined && { dashboard }),
    ...(late !== undefined && { late: parseDuration('--late', late) }),
    ...(io.signal && { signal: io.signal }),
  }
  const fixed = until === undefined ? undefined : parseTime('--until', until, new Date()).toISOString()
  const { evaluate } = await import('@flowferry/answers/alerts')
  let kept: Kept = {}
  let isFirst = true
  const once = async (): Promise<ExitCode> => {
    if (file !== undefined) kept = await loadState(file, kept)
    if (fixed !== undefined) requireLater(kept, fixed, file)
    const { state } = kept
    // Open for as long as it is asked: a DuckDB file that is open lets nobody write.
    const store = await openStore(places, io, formats)
    try {
      const queues = dlq.length > 0 ? { queues: await queueStates(dlq, io) } : {}
      const now = fixed === undefined ? {} : { now: fixed }
      const report = await evaluate(store, alerts, { ...common, ...queues, ...now, ...(state && { state }) })
      await print(alerts, report, options, io, isFirst)
      isFirst = false
      // What was told is kept, and never the other way round: rather told twice than never.
      const { text } = kept
      kept = { ...kept, state: report.state }
      if (file !== undefined) kept = await saveState(file, report.state, text)
      return exitCodeOf(report)
    } finally {
      await store.close()
    }
  }
  return pause === undefined ? once() : again(once, pause, io)
}

/** An evaluation of the past would call over what a later one saw. */
function requireLater({ state }: Kept, until: string, file: string | undefined): void {
  const last = Object.values(state?.evaluated ?? {})
    .map(({ at }) => at)
    .sort()
    .at(-1)
  if (last !== undefined && last > until)
    throw new UsageError(`--until ${until} is before the last evaluation of ${file}, ${last}; leave out --state`)
}

/** Until the user ends it. A store that is down now may be up the next time. */
async function again(once: () => Promise<ExitCode>, pause: number, io: Io): Promise<ExitCode> {
  let code: ExitCode = exitCodes.ok
  while (!io.signal?.aborted) {
    try {
      code = await once()
    } catch (error) {
      if (io.signal?.aborted) break
      if (error instanceof UsageError || (FlowferryError.isInstance(error) && error.code === 'INVALID_OPTION'))
        throw error
      code = exitCodes.failed
      line(io.stderr, `error: ${(error as Error).message}`)
      for (const hint of hintsFor([error])) line(io.stderr, hint)
    }
    // Ctrl-C ends the pause, too, and the loop with it.
    await setTimeout(pause, undefined, { ...(io.signal && { signal: io.signal }) }).catch(() => undefined)
  }
  return code
}

async function print(
  alerts: readonly Alert[],
  report: AlertsReport,
  { json, every }: AlertsCommandOptions,
  io: Io,
  isFirst: boolean,
) {
  if (json) {
    const { state: _, ...told } = report
    return line(io.stdout, JSON.stringify({ partial: null, ...told }))
  }
  const { tellAlerts } = await import('@flowferry/answers/alerts')
  // Told again and again, what goes on is noise. The first time says what is looked at, and what is not.
  const isNew = report.findings.some(({ status }) => status !== 'ongoing') || report.partial !== undefined
  if (!isFirst && !isNew) return
  const told = tellAlerts(alerts, report, { ongoing: every === undefined || isFirst })
  for (const text of told.trimEnd().split('\n')) line(io.stdout, text)
}

function exitCodeOf({ findings, partial }: AlertsReport): ExitCode {
  if (findings.some(({ status }) => status !== 'resolved')) return exitCodes.fault
  return partial ? exitCodes.unknown : exitCodes.ok
}

async function queueStates(urls: readonly string[], io: Io): Promise<QueueState[]> {
  const { GetQueueAttributesCommand } = await import('@aws-sdk/client-sqs')
  return Promise.all(
    urls.map(async (url) => {
      const sqs = await sqsClient(io, url)
      try {
        const { Attributes = {} } = await sqs.send(
          new GetQueueAttributesCommand({
            QueueUrl: url,
            AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
          }),
          { ...(io.signal && { abortSignal: io.signal }) },
        )
        return { name: url, attributes: Attributes }
      } catch (error) {
        if (io.signal?.aborted) throw error
        // The alert of it says that it is not known; the others are of the logs.
        line(io.stderr, `error: --dlq ${url}: ${(error as Error).message}`)
        for (const hint of hintsFor([error])) line(io.stderr, hint)
        return { name: url, attributes: {} }
      } finally {
        sqs.destroy()
      }
    }),
  )
}

/** A state, and the text of the file that holds it: where that is another, somebody else wrote it. */
interface Kept {
  readonly state?: AlertsState
  readonly text?: string
}

async function loadState(path: string, known: Kept): Promise<Kept> {
  const { readState } = await import('@flowferry/answers/alerts')
  const text = await readKept(path)
  if (text === known.text) return known
  return text === undefined ? {} : { state: readState(text, path), text }
}

const readKept = (path: string): Promise<string | undefined> => readIfThere(path, `--state ${path}`)

/** Only in place of the one that was read. */
async function saveState(path: string, state: AlertsState, before: string | undefined): Promise<Kept> {
  if ((await readKept(path)) !== before)
    throw new Error(`--state ${path}: another evaluation wrote it meanwhile; each takes a file of its own`)
  const text = `${JSON.stringify(state, null, 1)}\n`
  try {
    await replaceFile(path, text)
  } catch (error) {
    throw new Error(`--state ${path} cannot be written: ${(error as Error).message}`, { cause: error })
  }
  return { state, text }
}
