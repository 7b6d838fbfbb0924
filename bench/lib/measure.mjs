import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

export const here = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url))

/** What makes a process do without wasm and code from strings, as some places forbid them; the JIT stays. */
export const inPlainJavaScript = [
  '--disallow-code-generation-from-strings',
  '--import=data:text/javascript,delete globalThis.WebAssembly',
]

/** Runs a script of the bench in a process of its own; what it prints last is JSON. */
export async function runScript(path, args = [], flags = [], node = process.execPath) {
  const command = [...flags, '--no-warnings', here(path), ...args]
  const { stdout } = await promisify(execFile)(node, command, { maxBuffer: 1 << 26 }).catch((error) => {
    throw new Error(`node ${command.join(' ')}: ${error.stderr.slice(-2000)}`)
  })
  return JSON.parse(stdout.trim().split('\n').at(-1))
}

/** The path of another Node, from npm's `node` package. */
export async function nodeOf(version) {
  const { stdout } = await promisify(execFile)('npx', ['-y', `node@${version}`, '-p', 'process.execPath'])
  return stdout.trim()
}

/** CPU of `gzip -dc`, the command. */
export async function gzipCommand(file) {
  const started = performance.now()
  const script = 'TIMEFORMAT="%U %S"; time gzip -dc -- "$0" >/dev/null'
  const { stderr } = await promisify(execFile)('bash', ['-c', script, file], { env: { ...process.env, LC_ALL: 'C' } })
  const [user, system] = stderr.trim().split(' ').map(Number)
  return { cpu: user + system, seconds: (performance.now() - started) / 1000 }
}

/** The null sink in a process of its own; `stats` tells what came since the last time. */
export async function startNullSink() {
  const child = spawn(process.execPath, [here('lib/null-sink.mjs')], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] })
  const [address] = await once(child.stdout, 'data')
  const url = String(address).trim()
  return {
    url,
    stats: async () => (await fetch(`${url}/_stats`)).json(),
    close: () => child.disconnect(),
  }
}

/** Every measurement once, then every one again: what slows the machine for a while hits all of them. */
export async function interleaved(measurements, runs) {
  const results = new Map(measurements.map(({ name }) => [name, []]))
  for (let run = 1; run <= runs; run++)
    for (const { name, measure } of measurements) {
      process.stderr.write(`run ${run} of ${runs}: ${name}\n`)
      results.get(name).push(await measure())
    }
  return results
}

export const least = (values) => values.reduce((a, b) => Math.min(a, b))
export const most = (values) => values.reduce((a, b) => Math.max(a, b))
export const middle = (values) => [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)]
