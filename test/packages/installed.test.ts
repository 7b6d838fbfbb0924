import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { SqsEvent } from '@flowferry/source-s3'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Cloud, startCloud } from '../../examples/demo/src/cloud.ts'
import { awsEnvironment } from '../support/aws.ts'
import { type BulkServer, bulkServer } from '../support/bulk-server.ts'
import { formats } from '../support/engines.ts'
import { expectedSources, fixturesFor, sorted } from '../support/fixtures.ts'
import { type InstalledProject, installedProject, nodeOf, type Ran, run } from '../support/installed-project.ts'
import { readmeHandler, requireBanner } from '../support/lambda-example.ts'
import { s3Event } from '../support/s3-event.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const packages = readdirSync(join(root, 'packages'))

/** The oldest that `engines` takes comes first. */
const versions = ['20.19', '22', '24']
/** Each loads the module of its first argument, and answers with what its handler answers to the event of the second. */
const starters = {
  'import.mjs': 'const { handler } = await import(process.argv[2])\n',
  'require.cjs': 'const { handler } = require(process.argv[2])\n',
  'import.cjs': 'const handler = async (...args) => (await import(process.argv[2])).handler(...args)\n',
}
const answer = `
handler(JSON.parse(process.argv[3]), { getRemainingTimeInMillis: () => 60_000 })
  .then((response) => process.stdout.write(JSON.stringify(response), () => process.exit()))
`
type Starter = keyof typeof starters

const fixtures = fixturesFor(formats)
const expected = expectedSources(fixtures)

let nodes: Map<string, string>
let project: InstalledProject
/** A folder from which no package can be reached. */
let elsewhere: string
let cloud: Cloud
let search: BulkServer
let environment: Record<string, string>
let event: SqsEvent

beforeAll(async () => {
  nodes = new Map()
  for (const version of versions) nodes.set(version, await nodeOf(version))
  project = await installedProject(nodes.get(versions[0]!)!)
  elsewhere = mkdtempSync(join(tmpdir(), 'flowferry-bundles-'))
  cloud = await startCloud()
  search = await bulkServer()
  environment = {
    ...awsEnvironment(cloud.endpoint),
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    SEARCH_URL: search.url,
    SEARCH_API_KEY: 'key',
    DEAD_LETTER_QUEUE_URL: cloud.deadLetterUrl,
  }
  for (const { key, body } of fixtures) await cloud.put(key, body)
  event = {
    Records: fixtures.map(({ key }, index) => ({
      messageId: `message-${index}`,
      receiptHandle: `receipt-${index}`,
      body: s3Event(cloud.bucket, encodeURIComponent(key).replaceAll('%20', '+')),
      attributes: { ApproximateReceiveCount: '1' },
      messageAttributes: {},
      eventSource: 'aws:sqs',
      eventSourceARN: 'arn:aws:sqs:eu-central-1:123456789012:logs',
      awsRegion: 'eu-central-1',
    })),
  } as SqsEvent
  for (const [name, text] of Object.entries(starters)) project.write(name, text + answer)
  for (const name of ['environment.ts', 'required.ts']) project.write(name, read(`examples/lambda/src/${name}`))
  project.write('handler.ts', readmeHandler())
})
afterAll(async () => {
  await cloud?.stop()
  search?.close()
  project?.remove()
  if (elsewhere) rmSync(elsewhere, { recursive: true })
})
beforeEach(() => {
  search.documents.clear()
})

/** The handler of `module` answers that every message is done, and the documents are those written by hand. */
async function carries(node: string, starter: Starter, module: string): Promise<void> {
  const { stdout, stderr } = await project.run(nodes.get(node)!, [starter, module, JSON.stringify(event)], {
    env: environment,
  })
  expect(stdout, stderr).toBe('{"batchItemFailures":[]}')
  expect([...search.documents.keys()].sort()).toEqual([...expected.keys()].sort())
  for (const [stream, sources] of expected) expect(sorted([...search.documents.get(stream)!.values()])).toEqual(sources)
}

describe.each(packages)('@flowferry/%s, installed,', (name) => {
  const installed = () => join(project.folder, 'node_modules/@flowferry', name)
  const files = () =>
    readdirSync(installed(), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(installed().length + 1))
      .filter((path) => !path.startsWith('node_modules/'))

  test('has its license and page, and of the rest only what was built', () => {
    const [built, others] = [/^dist\//, /^(?!dist\/)/].map((pattern) => files().filter((path) => pattern.test(path)))
    expect(others!.sort()).toEqual(['LICENSE', 'README.md', 'package.json'])
    expect(readFileSync(join(installed(), 'LICENSE'), 'utf8')).toBe(read('LICENSE'))
    // The page that the dashboard serves is for browsers.
    const known = /(?:\.(?:js|js\.map|d\.ts)|^dist\/page\/(?:index\.html|page\.css))$/
    expect(built!.filter((path) => !known.test(path) || /test-d|\.test\./.test(path))).toEqual([])
  })

  test('is the same where npm packs it', async () => {
    const { stdout } = await run('npm', ['pack', '--dry-run', '--json'], { cwd: join(root, 'packages', name) })
    const [packed] = Object.values<{ files: { path: string }[] }>(JSON.parse(stdout))
    expect(packed!.files.map(({ path }) => path).sort()).toEqual(files().sort())
  })

  test('asks for nothing that only this workspace has, and has what it exports', () => {
    const manifest = readFileSync(join(installed(), 'package.json'), 'utf8')
    expect(manifest).not.toContain('workspace:')
    const { exports, bin = {} } = JSON.parse(manifest)
    const targets = [exports, bin]
      .flatMap((all) => Object.values<string | Record<string, string>>(all))
      .flatMap((target) => (typeof target === 'string' ? target : Object.values(target)))
    expect(targets.filter((path) => !path.includes('*') && !existsSync(join(installed(), path)))).toEqual([])
  })

  test('has a source map for each module, with the sources in it', () => {
    // What a browser loads stays small.
    const modules = files().filter((path) => path.endsWith('.js') && !path.startsWith('dist/page/'))
    expect(modules).not.toEqual([])
    for (const path of modules) {
      const at = join(installed(), path)
      const [, url] = /\n\/\/# sourceMappingURL=(\S+)\s*$/.exec(readFileSync(at, 'utf8')) ?? []
      expect(url, path).toBeDefined()
      const map: { sources: string[]; sourcesContent?: string[] } = JSON.parse(
        readFileSync(join(at, '..', url!), 'utf8'),
      )
      for (const [index, source] of map.sources.entries()) {
        const file = join('packages', name, path, '..', source)
        expect(map.sourcesContent?.[index], `${path}: ${file}`).toBe(read(file))
      }
    }
  })
})

test('an error names the line of TypeScript under --enable-source-maps', async () => {
  project.write(
    'wrong.mjs',
    `import { ingest } from '@flowferry/core'
     import { memorySink, memorySource } from '@flowferry/core/testing'
     import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
     await ingest({ source: memorySource(), parser: vpcFlow, sink: memorySink(), concurrency: 0 })\n`,
  )
  const { stderr } = await project.run(process.execPath, ['--enable-source-maps', 'wrong.mjs'])
  const [, file, line] = /at .*@flowferry\/core\/(src\/\S+\.ts):(\d+):\d+/.exec(stderr) ?? []
  expect(file, stderr).toBeDefined()
  const text = read(`packages/core/${file}`).split('\n')[Number(line) - 1]!
  expect(text).toMatch(/throw new FlowferryError\('INVALID_OPTION'/)
  // Node shows the line itself, from the map.
  expect(stderr).toContain(text)
})

describe("README.md's Lambda handler", () => {
  /** Every entry of every package: their types are checked even where the handler has none of them. */
  const entries = packages.flatMap((name) => {
    const { exports } = JSON.parse(read(`packages/${name}/package.json`)) as { exports: Record<string, object> }
    return Object.entries(exports)
      .filter(([, target]) => typeof target === 'object')
      .map(([path]) => `@flowferry/${name}${path.slice(1).replace('*', 'vpc-flow')}`)
  })
  const compile = async (...options: readonly string[]) => {
    const common = ['--target', 'es2023', '--lib', 'es2023', '--types', 'node', '--strict', '--skipLibCheck', 'false']
    const all = [...common, '--pretty', 'false', ...options, 'handler.ts', 'entries.ts']
    const { stdout } = await project.run('tsc', all)
    // The client of Elasticsearch has a fault of its own: its declarations name a module that apache-arrow does not have.
    return stdout.split('\n').filter((line) => !/^node_modules\/(?!@flowferry\/)|^\s|^$/.test(line))
  }
  let errors: string[]

  beforeAll(async () => {
    project.write('entries.ts', entries.map((entry, index) => `export * as entry${index} from '${entry}'\n`).join(''))
    errors = await compile('--module', 'node16', '--rewriteRelativeImportExtensions', '--outDir', 'out')
  })

  test('compiles with moduleResolution node16, the types of all packages checked', () => {
    expect(errors).toEqual([])
  })

  test('compiles with moduleResolution bundler, the types of all packages checked', async () => {
    const options = ['--module', 'esnext', '--moduleResolution', 'bundler', '--allowImportingTsExtensions', '--noEmit']
    expect(await compile(...options)).toEqual([])
  })

  test.each(versions.flatMap((node) => (Object.keys(starters) as Starter[]).map((starter) => ({ node, starter }))))(
    'carries files on Node $node, loaded as $starter does',
    async ({ node, starter }) => {
      await carries(node, starter, './out/handler.js')
    },
  )

  describe.each([
    { format: 'esm', starter: 'import.mjs', options: ['--out-extension:.js=.mjs', `--banner:js=${requireBanner}`] },
    { format: 'cjs', starter: 'require.cjs', options: ['--out-extension:.js=.cjs'] },
  ] as const)('bundled as $format', ({ format, starter, options }) => {
    test.each([
      { is: 'as written', minify: [] },
      { is: 'minified', minify: ['--minify'] },
    ])('$is, carries files on the oldest Node and on the newest', async ({ is, minify }) => {
      const folder = join(elsewhere, `${format} ${is}`)
      const built = await project.run('esbuild', [
        'handler.ts',
        '--bundle',
        '--platform=node',
        '--target=node20.19',
        `--format=${format}`,
        ...options,
        ...minify,
        `--outdir=${folder}`,
      ])
      expect(built.code, built.stderr).toBe(0)
      // esbuild warns of what is odd in a module.
      expect(built.stderr).not.toContain('@flowferry')
      const bundle = join(folder, readdirSync(folder)[0]!)
      for (const node of [versions[0]!, versions.at(-1)!]) {
        search.documents.clear()
        await carries(node, starter, bundle)
      }
    })
  })
})

const succeeded = ({ code, stdout, stderr }: Ran): string => {
  expect(code, stderr).toBe(0)
  return stdout
}

describe("a package's page has a first sample that runs:", () => {
  const sample = (name: string): string => {
    const [, , code] = [...read(`packages/${name}/README.md`).matchAll(/```(\w+)\n([\s\S]*?)```/g)][1]!
    return code!
  }
  const runs = async (name: string): Promise<string> => {
    project.write(`${name}.mjs`, sample(name))
    return succeeded(await project.run(process.execPath, [`${name}.mjs`], { env: environment }))
  }
  const flows = 'logs-aws.vpcflow-default'

  test('core', async () => {
    const stdout = await runs('core')
    expect(stdout).toContain('written: 1')
    expect(stdout).toContain(flows)
  })

  test.each(['sink-elasticsearch', 'sink-opensearch'])('%s', async (name) => {
    expect(await runs(name)).toContain('written: 1')
    expect([...search.documents.get(flows)!.values()]).toMatchObject([{ source: { ip: '10.0.0.1' } }])
  })

  test('source-s3, which shows how a handler is tested', async () => {
    const [, code] = /## Test your handler[\s\S]*?```js\n([\s\S]*?)```/.exec(read('packages/source-s3/README.md'))!
    project.write('handler.mjs', `${code}\nconsole.log('tested')\n`)
    expect(succeeded(await project.run(process.execPath, ['handler.mjs'], { env: environment }))).toBe('tested\n')
  })

  test('sink-duckdb', async () => {
    const stdout = await runs('sink-duckdb')
    expect(stdout).toContain('written: 1')
    expect(stdout).toContain("source_ip: '10.0.0.1'")
  })

  test('answers', async () => {
    expect(await runs('answers')).toContain("{ 'destination.port': 22, flows: 1, sources: 1 }")
  })

  test('dashboard', async () => {
    // It serves until it is stopped.
    project.write('dashboard.mjs', `${sample('dashboard')}\nconsole.log((await fetch(url)).status)\nprocess.exit()\n`)
    expect(succeeded(await project.run(process.execPath, ['dashboard.mjs']))).toMatch(/#token=[\w-]{43}\n200\n$/)
  })

  test('enrich', async () => {
    expect(await runs('enrich')).toContain("source_network: 'production'")
  })

  test('search', async () => {
    expect(JSON.parse(await runs('search'))).toMatchObject({ index_patterns: ['logs-aws.elb_logs-*'] })
  })

  test('source-s3', async () => {
    project.write('source-s3.mjs', sample('source-s3'))
    const one = fixtures.findIndex(({ name }) => name === 'vpc-flow.log')
    const flowEvent = JSON.stringify({ Records: [event.Records[one]] })
    const ran = await project.run(process.execPath, ['import.mjs', './source-s3.mjs', flowEvent], { env: environment })
    expect(succeeded(ran)).toBe('{"batchItemFailures":[]}')
    expect(search.documents.get(flows)!.size).toBe(fixtures[one]!.expected.length)
  })

  test('cli', async () => {
    const stdout = succeeded(await project.run('sh', ['-c', sample('cli')]))
    expect(JSON.parse(stdout)).toMatchObject({ source: { ip: '10.0.0.1' }, event: { outcome: 'failure' } })
  })
})

describe('the installed command', () => {
  test('says its version', async () => {
    const { version } = JSON.parse(read('packages/cli/package.json'))
    expect(await project.run('flowferry', ['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' })
  })

  test.each(versions)('reads a config in TypeScript on Node %s', async (version) => {
    project.write(
      'logs.config.ts',
      `import { defineConfig } from '@flowferry/cli'
       import { cidr } from '@flowferry/enrich/cidr'
       const label: string = 'production'
       export default defineConfig({ enrichments: [cidr([{ cidr: '10.0.0.0/8', label }])] })\n`,
    )
    const command = join(project.folder, 'node_modules/@flowferry/cli/dist/cli.js')
    const args = [command, 'parse', '-', '--config', 'logs.config.ts']
    const input = 'version srcaddr dstaddr end\n5 10.0.0.1 192.0.2.7 1790000000\n'
    const stdout = succeeded(await project.run(nodes.get(version)!, args, { input }))
    expect(JSON.parse(stdout)).toMatchObject({ labels: { source_network: 'production' } })
  })

  test('parses a file', async () => {
    const { name, expected } = fixtures.find(({ name }) => name === 'vpc-flow.log')!
    const { code, stdout } = await project.run('flowferry', [
      'parse',
      '--documents',
      'full',
      join(root, 'test/fixtures', name),
    ])
    expect(code).toBe(0)
    const documents = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(sorted(documents)).toEqual(sorted(expected.map(({ _source }) => _source)))
  })
})
