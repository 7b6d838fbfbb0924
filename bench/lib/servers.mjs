// The servers of a bench: those of the tests (FLOWFERRY_TEST_*) where they run, else its own.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { here } from './measure.mjs'

const scripts = { ELASTICSEARCH: 'elasticsearch', OPENSEARCH: 'opensearch', AWS: 'ministack' }

/**
 * Their URLs, in the order of `ports`, and what stops those that were started.
 *
 * @param ports A server's name in FLOWFERRY_TEST_* to the port for one of its own.
 */
export async function startServers(ports) {
  const names = Object.keys(ports)
  const given = names.map((name) => process.env[`FLOWFERRY_TEST_${name}`])
  if (given.every(Boolean)) return { urls: given, stop: async () => undefined }
  const all = (command) =>
    Promise.all(
      names.map(async (name) => {
        const script = here(`../scripts/servers/${scripts[name]}.sh`)
        const child = spawn(script, [command, String(ports[name])], { stdio: ['ignore', 'ignore', 'inherit'] })
        const [code] = await once(child, 'exit')
        return code === 0
      }),
    )
  const started = await all('start')
  if (!started.every(Boolean)) {
    await all('stop')
    throw new Error('not every server started: what their scripts said is above')
  }
  return { urls: names.map((name) => `http://127.0.0.1:${ports[name]}`), stop: () => all('stop') }
}
