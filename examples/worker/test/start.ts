import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/** The example as a process of its own, built as a user would, on the packages as they are built. */
export async function startWorker(command: readonly string[], environment: Record<string, string>) {
  const source = (path: string) => fileURLToPath(new URL(path, import.meta.url))
  const [script, ...args] = command
  await build({
    entryPoints: command.map((name) => source(`../src/${name}.ts`)),
    outdir: source('../dist'),
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'error',
  })
  const child = spawn(process.execPath, ['--no-warnings', source(`../dist/${script}.mjs`), ...args], {
    env: { ...process.env, ...environment },
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (data) => {
    stdout += data
  })
  child.stderr.on('data', (data) => {
    stderr += data
  })
  return { process: child, exit: once(child, 'exit'), stdout: () => stdout, stderr: () => stderr }
}
