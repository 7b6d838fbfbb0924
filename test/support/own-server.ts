import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { EngineName } from './search.ts'

/** A search server that only one test uses: it may be restarted, and its limits are small. */
export interface OwnServer {
  readonly url: string
  /** With its data; KILL is a crash. */
  readonly restart: (signal: 'TERM' | 'KILL') => Promise<void>
  readonly stop: () => Promise<void>
}

/** `settings`: lines for `elasticsearch.yml` or `opensearch.yml`. */
export async function ownServer(engine: EngineName, port: number, settings: string): Promise<OwnServer> {
  const script = fileURLToPath(new URL(`../../scripts/servers/${engine}.sh`, import.meta.url))
  const run = async (...words: string[]) => {
    const child = spawn('bash', [script, ...words], {
      env: { ...process.env, FLOWFERRY_SEARCH_SETTINGS: settings },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let said = ''
    child.stderr.on('data', (data) => {
      said += data
    })
    const [code] = await once(child, 'exit')
    if (code !== 0) throw new Error(`${engine}.sh ${words.join(' ')}: exit code ${code}\n${said}`)
  }
  const stop = () => run('stop', String(port))
  await run('start', String(port))
  return { url: `http://127.0.0.1:${port}`, restart: (signal) => run('restart', String(port), signal), stop }
}
