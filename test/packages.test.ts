import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { describe, expect, test } from 'vitest'

const root = new URL('../', import.meta.url)
const read = (path: string) => readFileSync(new URL(path, root), 'utf8')

interface Manifest {
  readonly name: string
  readonly version: string
  readonly description: string
  readonly keywords: readonly string[]
  readonly license: string
  readonly engines: { readonly node: string }
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}
const manifest = (folder: string): Manifest => JSON.parse(read(`${folder}package.json`))

const repository = 'https://github.com/flowferry/flowferry'
const workspace = manifest('')
const folders = readdirSync(new URL('packages/', root))
const packages = folders.map((folder) => ({ folder, ...manifest(`packages/${folder}/`) }))
const { version } = packages[0]!

const permissive = new Set([
  'Apache-2.0',
  'MIT',
  'ISC',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  'Unlicense',
  'BlueOak-1.0.0',
])

/** Name to licence of all that `dependencies` bring, and theirs, as they stand in node_modules. */
function licencesOf(roots: readonly URL[]): Map<string, string> {
  const licences = new Map<string, string>()
  const seen = new Set<string>()
  const visit = (folder: URL) => {
    if (seen.has(folder.href)) return
    seen.add(folder.href)
    const {
      name,
      license,
      dependencies = {},
    }: Manifest = JSON.parse(readFileSync(new URL('package.json', folder), 'utf8'))
    licences.set(name, license ?? 'none')
    for (const dependency of Object.keys(dependencies)) visit(folderOf(dependency, folder))
  }
  for (const folder of roots) visit(pathToFileURL(`${realpathSync(folder)}/`))
  return licences
}

/** As Node finds a package: in the folder's own node_modules, or in one above. */
function folderOf(name: string, from: URL): URL {
  for (let folder = from; ; folder = new URL('../', folder)) {
    const found = new URL(`node_modules/${name}/`, folder)
    if (existsSync(found)) return pathToFileURL(`${realpathSync(found)}/`)
    if (folder.pathname === '/') throw new Error(`${name}, which ${from.pathname} asks for, is not installed`)
  }
}

describe.each(packages)('$name', ({ folder, ...made }) => {
  test('says of itself what its neighbours say', () => {
    expect(made).toMatchObject({
      name: `@flowferry/${folder}`,
      version,
      homepage: `${repository}/tree/main/packages/${folder}#readme`,
      bugs: { url: `${repository}/issues` },
      repository: { type: 'git', url: `git+${repository}.git`, directory: `packages/${folder}` },
      license: workspace.license,
      type: 'module',
      engines: workspace.engines,
      files: ['dist'],
      publishConfig: { access: 'public', provenance: true },
    })
    expect(made.description).toMatch(/\w/)
    expect(made.keywords).toEqual(expect.arrayContaining(['aws', 'logs']))
    expect(new Set(made.keywords).size).toBe(made.keywords.length)
  })

  test('asks for its neighbours of the same release, and can be tested with its peers', () => {
    const { dependencies = {}, devDependencies = {}, peerDependencies = {} } = made
    for (const [name, range] of Object.entries({ ...dependencies, ...devDependencies }))
      if (name.startsWith('@flowferry/')) expect(`${name} ${range}`).toBe(`${name} workspace:^`)
    expect(Object.keys(devDependencies)).toEqual(expect.arrayContaining(Object.keys(peerDependencies)))
  })

  test('has a page that stands alone on npm: how to install it, a first sample, links that are whole', () => {
    const page = read(`packages/${folder}/README.md`)
    expect(page.startsWith(`# ${made.name}\n`)).toBe(true)
    const [install, sample] = [...page.matchAll(/```(\w+)\n([\s\S]*?)```/g)]
    expect(install![2]).toMatch(new RegExp(`^npm install .*${made.name}( |\n)`))
    for (const name of Object.keys(made.peerDependencies ?? {})) expect(install![2]).toContain(name)
    expect(['js', 'sh']).toContain(sample![1])
    for (const [, library] of sample![2]!.matchAll(/from '((?:@[^/]+\/)?[^/']+)/g))
      expect(install![2]).toContain(library)
    expect([...page.matchAll(/\]\((?!https:\/\/|#)[^)]*\)/g)].map(([link]) => link)).toEqual([])
  })
})

test('a library has one version in the workspace, and it is exact', () => {
  const examples = readdirSync(new URL('examples/', root)).map((folder) => manifest(`examples/${folder}/`))
  const versions = new Map<string, string>()
  for (const { name: from, dependencies, devDependencies } of [workspace, ...packages, ...examples, manifest('bench/')])
    for (const [library, range] of Object.entries({ ...dependencies, ...devDependencies })) {
      if (library.startsWith('@flowferry/')) continue
      expect(range, `${library} of ${from}`).toMatch(/^(npm:.+@)?\d+\.\d+\.\d+(-[\w.]+)?$/)
      expect(range, `${library} of ${from}`).toBe(versions.get(library) ?? range)
      versions.set(library, range)
    }
})

describe('what is installed with a package', () => {
  const installed = licencesOf(packages.map(({ folder }) => new URL(`packages/${folder}/`, root)))

  test('is all there is, whatever brought it', () => {
    expect([...installed.keys()]).toEqual(
      expect.arrayContaining(packages.flatMap(({ dependencies = {} }) => Object.keys(dependencies))),
    )
    // Of a dependency's own: no package here names it.
    expect([...installed.keys()]).toContain('@smithy/types')
  })

  test.each([...installed])('%s has a licence that asks for no more than its notice: %s', (_, licence) => {
    const [, choices] = /^\(?(.*?)\)?$/.exec(licence)!
    expect(choices!.split(' OR ').some((one) => one.split(' AND ').every((each) => permissive.has(each)))).toBe(true)
  })
})
