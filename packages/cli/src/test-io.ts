import { Writable } from 'node:stream'
import type { Io } from './io.ts'
import { run } from './program.ts'

export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

interface Surroundings {
  readonly stdin?: Iterable<string | Uint8Array>
  readonly env?: Record<string, string>
  readonly cwd?: string
  readonly signal?: AbortSignal
  /** Called once something is printed. */
  readonly onStdout?: () => void
}

/** Runs a command line in this process, as `cli.ts` does it, and keeps what it says. For tests. */
export const runHere = (args: readonly string[], around: Surroundings = {}): Promise<Ran> =>
  runWith((io) => run(args, io), around)

/** Runs a command with what it would have of a process, and keeps what it says. For tests. */
export async function runWith(
  command: (io: Io) => Promise<number>,
  { stdin = [], env = {}, cwd, signal, onStdout }: Surroundings = {},
): Promise<Ran> {
  const said = { stdout: '', stderr: '' }
  const output = (name: keyof typeof said) =>
    new Writable({
      // Small, so that back-pressure is met.
      highWaterMark: 1024,
      write: (chunk, _, done) => {
        said[name] += chunk
        if (name === 'stdout') onStdout?.()
        setImmediate(done)
      },
    })
  const io: Io = {
    stdin: (async function* () {
      for (const text of stdin) yield Buffer.from(text as string)
    })(),
    stdout: output('stdout'),
    stderr: output('stderr'),
    env,
    ...(cwd !== undefined && { cwd }),
    ...(signal && { signal }),
  }
  const code = await command(io)
  await Promise.all([io.stdout, io.stderr].map((stream) => new Promise<void>((done) => stream.end(done))))
  return { code, ...said }
}
