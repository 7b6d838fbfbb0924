import { isIP } from 'node:net'
import type { Diagnosis, Pair } from '@flowferry/answers/why'
import { type ExitCode, exitCodes, type Io, line, UsageError } from '../io.ts'
import { type FromOptions, openStore } from '../open-store.ts'
import { spanOf } from '../times.ts'

export interface WhyCommandOptions extends FromOptions {
  readonly since?: string
  readonly until?: string
  readonly json?: boolean
}

const hour = 3_600_000

/** `flowferry why`: the cause by which A does not reach B. Writes nothing into the store. */
export async function whyCommand(a: string, b: string, options: WhyCommandOptions, io: Io): Promise<ExitCode> {
  const pair = pairOf(a, b, options)
  const store = await openStore(options, io, [])
  try {
    const { diagnose, gather, tell } = await import('@flowferry/answers/why')
    const diagnosis = diagnose(await gather(store.ask, pair))
    if (options.json) line(io.stdout, JSON.stringify(diagnosis))
    else for (const text of tell(diagnosis).trimEnd().split('\n')) line(io.stdout, text)
    return exitCodeOf(diagnosis)
  } finally {
    await store.close()
  }
}

function exitCodeOf({ cause, certainty }: Diagnosis): ExitCode {
  if (certainty === 'cannot-tell') return exitCodes.unknown
  return cause === 'no-fault' ? exitCodes.ok : exitCodes.fault
}

/** What is asked, from the command line. */
export function pairOf(a: string, b: string, options: WhyCommandOptions, now = new Date()): Pair {
  const target = targetOf(b)
  const { from, to } = spanOf(options, hour, now)
  return { a: addressOf('A', a), ...target, since: from, until: to }
}

function targetOf(text: string): Pick<Pair, 'b' | 'port'> {
  const [, bracketed, plain, port] = /^(?:\[(.+)\]|([^:]+))(?::(\d+))?$/.exec(text) ?? []
  const b = addressOf('B', bracketed ?? plain ?? text)
  if (port === undefined) return { b }
  if (Number(port) < 1 || Number(port) > 65_535)
    throw new UsageError(`B's port is a number from 1 to 65535, not ${port}`)
  return { b, port: Number(port) }
}

function addressOf(whose: string, text: string): string {
  if (isIP(text) === 0)
    throw new UsageError(`${whose} is an IP address (B may have a port: 10.0.9.12:5432), not "${text}"`)
  return text.toLowerCase()
}
