#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { run } from './program.ts'

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }

// The first Ctrl+C ends the work in order; the second, the process.
const interrupted = new AbortController()
process.once('SIGINT', () => interrupted.abort())
process.once('SIGTERM', () => interrupted.abort())
// A reader that has enough, as `head` has, is no error. A full disk is one, also when all else went well.
let failure: string | undefined
process.stdout.on('error', ({ code, message }: NodeJS.ErrnoException) => {
  if (code === 'EPIPE') return
  failure ??= message
  failIfUntold()
})

process.exitCode = await run(
  process.argv.slice(2),
  {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    signal: interrupted.signal,
  },
  version,
)
failIfUntold()

function failIfUntold(): void {
  if (failure === undefined || process.exitCode !== 0) return
  process.exitCode = 1
  process.stderr.write(`error: standard output failed: ${failure}\n`)
}
