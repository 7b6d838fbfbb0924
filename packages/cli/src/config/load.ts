import { existsSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { type Io, UsageError } from '../io.ts'
import { checked } from './check.ts'
import { findConfig, isConfigName } from './find.ts'
import { noSettings, type Settings } from './settings.ts'

/** Reads the config: the one of `--config`, none with `--no-config`, else the one that is found. */
export async function loadSettings(flag: string | boolean | undefined, io: Io): Promise<Settings> {
  if (flag === false) return noSettings
  const { cwd = process.cwd() } = io
  const file = typeof flag === 'string' ? named(resolve(cwd, flag)) : findConfig(cwd)
  if (file === undefined) return noSettings
  const config = (await moduleOf(file)).default
  if (config === undefined) throw new UsageError(`${file} exports no default: export default defineConfig({ … })`)
  const settings = checked(config, file)
  if (settings.alerts) {
    const { alertsOf } = await import('./alerts.ts')
    await alertsOf(settings.alerts, file)
  }
  return settings
}

function named(file: string): string {
  if (!isConfigName(file)) throw new UsageError(`--config takes a file .ts, .mts, .js or .mjs, not ${file}`)
  if (!existsSync(file)) throw new UsageError(`--config: there is no file ${file}`)
  return file
}

async function moduleOf(file: string): Promise<{ readonly default?: unknown }> {
  try {
    return file.endsWith('ts') ? await typeScript(file) : await import(pathToFileURL(file).href)
  } catch (error) {
    const { message = '' } = error instanceof Error ? error : { message: String(error) }
    const [, missing] = /(?:module|package) '(@flowferry\/[^/']+)/.exec(message) ?? []
    const hint = missing === undefined ? '' : `; install it where the config is: npm install ${missing}`
    throw new UsageError(`${file}: ${message.trim().replace(/\s*\n\s*/g, ' ')}${placeIn(file, error)}${hint}`, {
      cause: error,
    })
  }
}

/** Where in the config's own files an error comes from: ` (src/nginx.ts, line 12)`. */
function placeIn(file: string, error: unknown): string {
  const folder = dirname(file)
  for (const [, at, line] of String((error as Error | undefined)?.stack).matchAll(
    /^ +at .*?((?:file:|\/|[A-Z]:\\).*?):(\d+):\d+\)?$/gm,
  )) {
    const path = relative(folder, at!.startsWith('file:') ? fileURLToPath(at!) : at!)
    if (!/^\.\.|node_modules|:/.test(path)) return ` (${path}, line ${line})`
  }
  return ''
}

/** Node 20 reads no TypeScript, and Node 24 only a part of it: the same on all. */
async function typeScript(file: string): Promise<{ readonly default?: unknown }> {
  const { createJiti } = await import('jiti')
  // Nothing is left on disk for a file that is read once.
  return createJiti(file, { fsCache: false, interopDefault: false }).import(file)
}
