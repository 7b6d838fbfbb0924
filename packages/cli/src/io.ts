import { printable } from '@flowferry/core'

/** What a command touches of the process it runs in, so that a test can give it another. */
export interface Io {
  readonly stdin: AsyncIterable<Uint8Array>
  readonly stdout: Output
  readonly stderr: Output
  readonly env: Readonly<Record<string, string | undefined>>
  /** Where a config is looked for. @default that of the process */
  readonly cwd?: string
  /** Aborts when the user wants the command to end. */
  readonly signal?: AbortSignal
  /** Whether notes and progress are left out, as `--quiet` asks. What went wrong is told always. @default false */
  readonly quiet?: boolean
}

export type Output = NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number }

/** What a process ends with. */
export const exitCodes = { ok: 0, failed: 1, usage: 2, malformed: 3, fault: 4, unknown: 5 } as const
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/** The command line asks for what cannot be done; the message says what to change. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** Throws where one of the options is given: each goes with something that is not. */
export function refuseOptions<O extends object>(options: O, names: readonly (keyof O & string)[], what: string): void {
  for (const name of names)
    if (options[name] !== undefined)
      throw new UsageError(`--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} goes with ${what}`)
}

/** Throws unless the text is a queue's URL. */
export function queueUrl(option: string, url: string): void {
  if (!/^https?:\/\//.test(url))
    throw new UsageError(`${option} takes the queue's URL (https://sqs.…), not its name or ARN: "${url}"`)
}

/**
 * Writes a line, unwrapped, and the only way to do so: control characters of keys, buckets, names and causes are escaped as
 * JSON writes them, so that nothing clears a terminal or forges a line. A line of JSON stays the same JSON.
 */
export function line(output: Output, text = ''): void {
  output.write(`${printable(text)}\n`)
}

/** A line on standard error of what is no failure: what is done, how far it is, what was left out. `--quiet` has none. */
export function note(io: Pick<Io, 'stderr' | 'quiet'>, text: string): void {
  if (!io.quiet) line(io.stderr, text)
}
