import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const version = '4.0.2'
const nodeVersion = '24'
const folder = fileURLToPath(new URL(`../../.cache/aws-lambda-ric-${version}`, import.meta.url))
const entry = (home: string) => `${home}/node_modules/aws-lambda-ric/index.mjs`

/**
 * AWS's own runtime client for Node, which its images run, and the Node that Lambda's newest runtime has. Installed once
 * into `.cache`: its install scripts compile native code, with cmake, make and a C++ compiler (and Node's headers).
 */
export async function lambdaClient(): Promise<{ readonly node: string; readonly client: string }> {
  const run = promisify(execFile)
  const { stdout } = await run('npx', ['-y', `node@${nodeVersion}`, '-p', 'process.execPath'], { timeout: 120_000 })
  const node = stdout.trim().split('\n').at(-1)!
  if (!existsSync(entry(folder))) {
    const part = `${folder}.${process.pid}`
    mkdirSync(part, { recursive: true })
    writeFileSync(`${part}/package.json`, '{ "private": true, "type": "module" }')
    const install = [
      'install',
      '--no-audit',
      '--no-fund',
      '--no-package-lock',
      '--foreground-scripts',
      `aws-lambda-ric@${version}`,
    ]
    try {
      await run('npm', install, { cwd: part, timeout: 300_000, maxBuffer: 1e8 })
      if (!existsSync(`${part}/node_modules/aws-lambda-ric/rapid-client.node`)) throw new Error('it was not compiled')
      renameSync(part, folder)
    } catch (error) {
      const { message, stderr = '', stdout = '' } = error as Error & { stderr?: string; stdout?: string }
      const words = (stderr + stdout).slice(-1500)
      throw new Error(
        `aws-lambda-ric ${version} needs cmake, make, a C++ compiler and Python to install: ${message}\n${words}`,
      )
    } finally {
      rmSync(part, { recursive: true, force: true })
    }
  }
  return { node, client: entry(folder) }
}
