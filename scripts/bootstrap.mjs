// What `npm test` and `npm run demo` run first, so that a fresh clone needs Node and npm alone: installs what is
// missing or older than the lockfile, builds what is missing or older than its sources. With nothing to do it only
// looks at files.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync, utimesSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const PNPM = '12.21.0'
const NODE = [20, 19]

const root = dirname(dirname(fileURLToPath(import.meta.url)))

const [major, minor] = process.versions.node.split('.').map(Number)
if (major < NODE[0] || (major === NODE[0] && minor < NODE[1])) {
  fail(`Node ${NODE.join('.')} or newer is needed, this is ${process.versions.node}`)
}

// pnpm writes this file at the end of an install; a half-finished one does not count.
const installed = join(root, 'node_modules', '.modules.yaml')
if (modified(installed) < modified(join(root, 'pnpm-lock.yaml'))) {
  pnpm('installing dependencies', ['install', '--frozen-lockfile', '--prefer-offline'])
  // pnpm leaves the file alone when everything was there already.
  if (existsSync(installed)) utimesSync(installed, new Date(), new Date())
}

// Of the examples the demo alone has a build: the others are read by tests and bundlers.
const built = ['packages', 'examples'].flatMap(subfolders).filter(hasBuild)
const stale = built.filter(isStale)
if (stale.length > 0) {
  const filters = stale.flatMap((folder) => ['--filter', `./${folder}`])
  // While a build writes its types, another one would read a folder that is just being emptied. Of all packages pnpm
  // builds each behind those that it depends on; of some of them it does not know those between.
  const concurrency = stale.length === built.length ? 2 : 1
  pnpm(`building ${stale.map((folder) => basename(folder)).join(', ')}`, [
    '-r',
    `--workspace-concurrency=${concurrency}`,
    ...filters,
    'run',
    'build',
  ])
}

function hasBuild(path) {
  const manifestFile = join(root, path, 'package.json')
  return existsSync(manifestFile) && Boolean(JSON.parse(readFileSync(manifestFile, 'utf8')).scripts?.build)
}

function isStale(path) {
  const folder = join(root, path)
  const manifestFile = join(folder, 'package.json')
  const manifest = JSON.parse(readFileSync(manifestFile, 'utf8'))
  const outputs = paths([manifest.exports, manifest.bin]).filter(
    (path) => path.startsWith('./dist/') && !path.includes('*'),
  )
  const made = Math.min(...outputs.map((path) => modified(join(folder, path))))
  const shared = ['tsconfig.base.json', 'tsconfig.build.json', 'tsup.shared.ts', 'LICENSE'].map((name) =>
    join(root, name),
  )
  const sources = [manifestFile, join(folder, 'tsup.config.ts'), ...shared, ...files(join(folder, 'src'))]
  return sources.some((source) => modified(source) > made)
}

/** Every string in a manifest's `exports` or `bin`, however deep. */
function paths(value) {
  if (typeof value === 'string') return [value]
  return value && typeof value === 'object' ? Object.values(value).flatMap(paths) : []
}

/** The files that go into a build: tests do not, and a test's edit should not cost one. */
function files(folder) {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return files(path)
    return /\.(test|test-d)\.ts$/.test(entry.name) ? [] : [path]
  })
}

/** From the root, with slashes, as pnpm's filters take them. */
function subfolders(folder) {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => `${folder}/${entry.name}`)
}

/** 0 for a file that is not there: older than any other. */
function modified(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0
}

function pnpm(what, args) {
  process.stderr.write(`flowferry: ${what} ...\n`)
  const env = { ...process.env, CI: 'true' } // pnpm then never asks
  // `npm test` describes itself to its scripts in the environment. The inner npx must not take that for its own
  // settings; the user's (registry, proxy, cache ...) stay.
  for (const name of Object.keys(env)) {
    if (/^npm_(command$|lifecycle_|package_|config_(local_prefix|global_prefix|json|user_agent|node_gyp)$)/i.test(name))
      delete env[name]
  }
  // npx is a .cmd file on Windows, which only a shell can start; none of the arguments needs quoting.
  const run = spawnSync('npx', ['-y', `pnpm@${PNPM}`, ...args], {
    cwd: root,
    env,
    encoding: 'utf8',
    maxBuffer: Number.POSITIVE_INFINITY,
    shell: process.platform === 'win32',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  if (run.status === 0) return
  process.stderr.write(`${run.stdout ?? ''}${run.stderr ?? ''}`)
  const why = run.error?.message ?? (run.signal ? `ended by ${run.signal}` : `exit code ${run.status}`)
  fail(`${what} failed (${why}), what it said is above`)
}

function fail(message) {
  process.stderr.write(`flowferry: ${message}\n`)
  process.exit(1)
}
