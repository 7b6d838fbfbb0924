import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** The program under test, started again whenever it ends, as a supervisor does. */
export interface Supervised {
  /** False where no process is there to take it. */
  readonly kill: (signal: 'SIGKILL' | 'SIGTERM') => boolean
  /** SIGTERM, and no new start; resolves with the exit code. Kills what does not end. */
  readonly end: (milliseconds: number) => Promise<number | null>
  /** Lines of its last process's standard output. */
  readonly output: () => string[]
  /** The end of what all of them wrote to standard error. */
  readonly errors: () => string
  /** Ends that nobody asked for. */
  readonly crashes: () => number
  readonly starts: () => number
  /** The same program, from the beginning. */
  readonly again: () => Supervised
}

export function supervise(environment: Record<string, string>, mayDie: boolean, ...flags: string[]): Supervised {
  const program = fileURLToPath(new URL('worker.mjs', import.meta.url))
  let child: ChildProcess
  let ending = false
  let starts = 0
  let crashes = 0
  let stdout = ''
  let stderr = ''
  const asked = new Set<ChildProcess>()

  const start = () => {
    starts++
    stdout = ''
    const started = spawn(process.execPath, ['--no-warnings', ...flags, program], {
      env: { ...process.env, ...environment },
    })
    child = started
    started.stdout.on('data', (data) => {
      stdout += data
    })
    started.stderr.on('data', (data) => {
      stderr = (stderr + data).slice(-20_000)
    })
    started.on('exit', (code, signal) => {
      if (ending) return
      if (!asked.has(started) && !(mayDie && signal === 'SIGKILL')) {
        crashes++
        stderr += `\nended with ${code ?? signal}\n`
      }
      // A program that cannot start is not started for ever.
      if (crashes < 3) start()
    })
  }
  start()

  const kill = (signal: 'SIGKILL' | 'SIGTERM') => {
    asked.add(child)
    return child.kill(signal)
  }
  return {
    kill,
    end: async (milliseconds) => {
      ending = true
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
      const exit = once(child, 'exit')
      kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), milliseconds)
      const [code] = await exit
      clearTimeout(timer)
      return code
    },
    output: () => stdout.trim().split('\n'),
    errors: () => stderr,
    crashes: () => crashes,
    starts: () => starts,
    again: () => supervise(environment, mayDie, ...flags),
  }
}
