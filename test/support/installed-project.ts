import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))
const read = (path: string) => readFileSync(join(root, path), 'utf8')

export interface Ran {
  /** Null where a signal ended it. */
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program to its end; it has two minutes. */
export function run(
  program: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env?: NodeJS.ProcessEnv; readonly input?: string },
): Promise<Ran> {
  return new Promise((resolve) => {
    const { cwd, env = {}, input = '' } = options
    const all = { cwd, env: { ...process.env, ...env }, timeout: 120_000, maxBuffer: 1e8 }
    const child = execFile(program, args, all, (error, stdout, stderr) => {
      const code = error ? (typeof error.code === 'number' ? error.code : null) : 0
      resolve({ code, stdout, stderr: stderr + (code === null ? String(error) : '') })
    })
    // A program that reads nothing may be gone by now.
    child.stdin!.on('error', () => undefined)
    child.stdin!.end(input)
  })
}

async function runWell(...all: Parameters<typeof run>): Promise<string> {
  const { code, stdout, stderr } = await run(...all)
  if (code !== 0) throw new Error(`${all[0]} ${all[1].join(' ')}: exit code ${code}\n${stderr}\n${stdout}`)
  return stdout
}

/** The Node binary of a version, which npm keeps in its cache. */
export async function nodeOf(version: string): Promise<string> {
  const said = await runWell('npx', ['-y', `node@${version}`, '-p', 'process.execPath'], { cwd: tmpdir() })
  return said.trim().split('\n').at(-1)!
}

/** A project outside of this repository that has all packages as npm will have them. */
export interface InstalledProject {
  readonly folder: string
  readonly write: (name: string, text: string) => void
  /** A program that a package brought along, or Node itself. */
  readonly run: (
    program: string,
    args: readonly string[],
    options?: Omit<Parameters<typeof run>[2], 'cwd'>,
  ) => Promise<Ran>
  readonly remove: () => void
}

/**
 * Packs every package and installs the tarballs with npm on the given Node, which each installed library must take; with
 * the peers, and with what compiles and bundles, in the versions of this workspace.
 */
export async function installedProject(node: string): Promise<InstalledProject> {
  const folder = mkdtempSync(join(tmpdir(), 'flowferry-installed-'))
  const pnpm = `pnpm@${/^const PNPM = '(.*)'/m.exec(read('scripts/bootstrap.mjs'))![1]}`
  const archives = join(folder, 'archives')
  await runWell('npx', ['-y', pnpm, '-r', '--filter', './packages/*', 'pack', '--pack-destination', archives], {
    cwd: root,
  })
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n')
  const { devDependencies: versions } = JSON.parse(read('package.json'))
  const { devDependencies: bundler } = JSON.parse(read('examples/lambda/package.json'))
  const libraries = [
    '@aws-sdk/client-s3',
    '@aws-sdk/client-sqs',
    '@elastic/elasticsearch',
    '@opensearch-project/opensearch',
    '@types/node',
    'typescript',
  ].map((name) => `${name}@${versions[name]}`)
  const path = [dirname(node), process.env.PATH].join(delimiter)
  await runWell(
    'npm',
    [
      'install',
      // `npm run` names this repository to the npm within it.
      `--prefix=${folder}`,
      '--engine-strict',
      '--prefer-offline',
      '--no-audit',
      '--no-fund',
      ...readdirSync(archives).map((name) => join(archives, name)),
      ...libraries,
      `esbuild@${bundler.esbuild}`,
    ],
    { cwd: folder, env: { PATH: path } },
  )
  const bin = [join(folder, 'node_modules/.bin'), process.env.PATH].join(delimiter)
  return {
    folder,
    write: (name, text) => writeFileSync(join(folder, name), text),
    run: (program, args, { env, ...options } = {}) =>
      run(program, args, { cwd: folder, env: { PATH: bin, ...env }, ...options }),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
