import { isIP } from 'node:net'
import type { TargetsAnswer, WhyAnswer, WhyQuestion } from '@flowferry/answers/why'
import type { Snapshot } from '@flowferry/enrich/interfaces'
import type { ArchiveCost } from '../archive/open.ts'
import type { WhyArchive, WhyArchiveOptions } from '../archive/why.ts'
import type { Settings } from '../config/settings.ts'
import { type ExitCode, exitCodes, type Io, line, UsageError } from '../io.ts'
import { type FromOptions, isArchive, type OpenedStore, openStore } from '../open-store.ts'
import { loadSnapshot, snapshotFile } from '../snapshot-file.ts'
import { spanOf } from '../times.ts'

export interface WhyCommandOptions extends FromOptions, WhyArchiveOptions {
  readonly snapshot?: string
  readonly json?: boolean
  readonly since?: string
  readonly until?: string
}

const hour = 3_600_000

/** `flowferry why`: the cause by which A does not reach B; without B, which targets of A fail. Writes nothing into the store. */
export async function whyCommand(
  a: string,
  b: string | undefined,
  options: WhyCommandOptions,
  io: Io,
  settings: Settings,
): Promise<ExitCode> {
  const { answer, archive } = await answerWhy(askedOf(a, b, options), options, io, settings)
  if (options.json) line(io.stdout, JSON.stringify({ ...answer, ...(archive && { archive }) }))
  else for (const one of (await tellWhy(answer)).trimEnd().split('\n')) line(io.stdout, one)
  return exitCodeOf(answer)
}

export interface WhyAnswered {
  readonly answer: WhyAnswer | TargetsAnswer
  /** What reading the archive took. @default it was asked of a store */
  readonly archive?: ArchiveCost
}

/** Opens what `from` names, asks, and closes it. */
export async function answerWhy(
  asked: Asked,
  options: WhyCommandOptions,
  io: Io,
  settings: Settings,
): Promise<WhyAnswered> {
  const { target, ...span } = asked
  const snapshot = await snapshotOf(options)
  const question = target && { ...span, ...target }
  const store = await openFor(question, snapshot, options, io, settings)
  try {
    const { why, whyTargets } = await import('@flowferry/answers/why')
    const { cost: archive, reading } = store
    const known = {
      ...(snapshot && { snapshot }),
      ...(reading && { archive: reading }),
      ...(io.signal && { signal: io.signal }),
    }
    const answer = question ? await why(store.ask, question, known) : await whyTargets(store.ask, span, known)
    return { answer, ...(archive && { archive }) }
  } finally {
    await store.close()
  }
}

/** For people. */
export async function tellWhy(answer: WhyAnswered['answer']): Promise<string> {
  const { tell, tellTargets } = await import('@flowferry/answers/why')
  return 'failing' in answer ? tellTargets(answer) : tell(answer)
}

async function openFor(
  question: WhyQuestion | undefined,
  snapshot: Snapshot | undefined,
  options: WhyCommandOptions,
  io: Io,
  settings: Settings,
): Promise<OpenedStore & Partial<Pick<WhyArchive, 'cost' | 'reading'>>> {
  if (!isArchive(options)) return openStore(options, io, [])
  if (!question) throw new UsageError('--from s3:// takes B: whom A calls is asked of a store (flowferry backfill)')
  const { openForWhy } = await import('../archive/why.ts')
  return openForWhy(question, snapshot, options, io, settings)
}

function exitCodeOf(answer: WhyAnswer | TargetsAnswer): ExitCode {
  if (answer.certainty === 'cannot-tell') return exitCodes.unknown
  const isFault = 'failing' in answer ? answer.failing.length > 0 : answer.cause !== 'no-fault'
  return isFault ? exitCodes.fault : exitCodes.ok
}

export interface Asked {
  readonly a: string
  readonly target?: { readonly b: string; readonly port?: number }
  /** ISO 8601. */
  readonly since: string
  readonly until: string
}

/** What is asked, from the command line. */
export function askedOf(a: string, b: string | undefined, options: WhyCommandOptions, now = new Date()): Asked {
  const target = b === undefined ? undefined : targetOf(b)
  const { from, to } = spanOf(options, hour, now)
  return { a: requireText('A', /^\[(.+)\]$/.exec(a)?.[1] ?? a), ...(target && { target }), since: from, until: to }
}

/** An address of version 6 has a port behind brackets alone; a name may hold anything but a port at its end. */
export function targetOf(text: string): { b: string; port?: number } {
  const [, bracketed, port] = /^\[(.+)\](?::(\d+))?$/.exec(text) ?? []
  const [, plain, plainPort] = isIP(text) === 6 ? [] : (/^(.+?)(?::(\d+))?$/s.exec(text) ?? [])
  const b = requireText('B', bracketed ?? plain ?? text)
  const digits = port ?? plainPort
  if (digits === undefined) return { b }
  if (Number(digits) < 1 || Number(digits) > 65_535)
    throw new UsageError(`B's port is a number from 1 to 65535, not ${digits}`)
  return { b, port: Number(digits) }
}

function requireText(whose: string, text: string): string {
  if (text.trim() === '') throw new UsageError(`${whose} is an address, eni-…, i-… or a name; it is empty`)
  return text
}

export async function snapshotOf({ snapshot: path }: WhyCommandOptions) {
  const snapshot = await loadSnapshot(path ?? snapshotFile)
  if (path !== undefined && !snapshot)
    throw new UsageError(`--snapshot needs a file that flowferry snapshot wrote; there is none at "${path}"`)
  return snapshot
}
