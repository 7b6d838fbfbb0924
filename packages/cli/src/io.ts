/** What a command touches of the process it runs in, so that a test can give it another. */
export interface Io {
  readonly stdin: AsyncIterable<Uint8Array>
  readonly stdout: Output
  readonly stderr: Output
  readonly env: Readonly<Record<string, string | undefined>>
  /** Aborts when the user wants the command to end. */
  readonly signal?: AbortSignal
}

export type Output = NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number }

/** What a process ends with. */
export const exitCodes = { ok: 0, failed: 1, usage: 2, malformed: 3 } as const
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/** The command line asks for what cannot be done; the message says what to change. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** Throws unless the text is a queue's URL. */
export function queueUrl(option: string, url: string): void {
  if (!/^https?:\/\//.test(url))
    throw new UsageError(`${option} takes the queue's URL (https://sqs.…), not its name or ARN: "${url}"`)
}

/** Writes a line, unwrapped. */
export function line(output: Output, text = ''): void {
  output.write(`${text}\n`)
}
