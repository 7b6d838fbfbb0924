import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { SetQueueAttributesCommand } from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { startCloud } from '../../examples/demo/src/cloud.ts'
import { awsEnvironment } from '../support/aws.ts'
import { bulkServer } from '../support/bulk-server.ts'
import { formats } from '../support/engines.ts'
import { expectedSources, fixturesFor, sorted } from '../support/fixtures.ts'
import { freePort } from '../support/free-port.ts'
import { nodeOf, run } from '../support/installed-project.ts'

/**
 * The image of examples/worker, without Docker: what README.md says makes the build's context, and each instruction of
 * the Dockerfile does in a folder a stage what it does in one of the image.
 */
const root = fileURLToPath(new URL('../../', import.meta.url))
const read = (path: string) => readFileSync(join(root, path), 'utf8')

/** The emulator's queues are at `sqs.<region>.localhost`, which is this machine by RFC 6761, and not everywhere by DNS. */
const localhost = `data:text/javascript,${encodeURIComponent(
  "import dns from 'node:dns'; const { lookup } = dns; dns.lookup = (name, ...rest) => lookup(name.endsWith('.localhost') ? '127.0.0.1' : name, ...rest)",
)}`

interface Stage {
  readonly folder: string
  readonly environment: Record<string, string>
  readonly instructions: Readonly<Record<string, string>>
}

let folder: string
let image: Stage
let node: string
let path: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'flowferry-image-'))
  const dockerfile = read('examples/worker/Dockerfile')
  const [, version] = /^FROM node:(\d+)-slim$/m.exec(dockerfile)!
  node = await nodeOf(version!)
  path = `${dirname(node)}:${process.env.PATH}`

  const [, commands] = /```sh\n(npx[\s\S]*?)docker build/.exec(read('examples/worker/README.md'))!
  // In a folder of the test's own.
  const script = `set -eu\n${commands!.replaceAll('/tmp/flowferry', folder)}`
  const prepared = await run('bash', ['-c', script], {
    cwd: root,
    env: { npm_config_prefer_offline: 'true', PATH: path },
  })
  expect(prepared.code, prepared.stderr).toBe(0)
  const context = join(folder, 'worker')
  image = await built(dockerfile, context)
}, 600_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Runs the instructions; the last stage is the image. */
async function built(dockerfile: string, context: string): Promise<Stage> {
  const stages = new Map<string, Stage>()
  let stage: Stage | undefined
  for (const line of dockerfile
    .replace(/^#.*\n/gm, '')
    .trim()
    .split(/\n+/)) {
    const [, name, rest] = /^([A-Z]+) (.*)$/.exec(line)!
    if (name === 'FROM') {
      const as = / AS (\w+)$/.exec(rest!)?.[1] ?? 'image'
      stage = { folder: join(folder, `stage-${as}`), environment: {}, instructions: {} }
      stages.set(as, stage)
      mkdirSync(stage.folder)
    } else if (name === 'ENV')
      for (const [, variable, value] of rest!.matchAll(/(\w+)=(\S+)/g)) stage!.environment[variable!] = value!
    else if (name === 'COPY') {
      const [, from, files] = /^(?:--from=(\w+) )?(.*)$/.exec(rest!)!
      const paths = files!.split(' ')
      const to = join(stage!.folder, paths.pop()!)
      for (const one of paths) {
        // The working folder of a stage is /app.
        const source = from ? join(stages.get(from)!.folder, one.replace(/^\/app\//, '')) : join(context, one)
        cpSync(source, statSync(source).isFile() ? join(to, one) : to, { recursive: true })
      }
    } else if (name === 'RUN') {
      const [program, ...args] = JSON.parse(rest!) as [string, ...string[]]
      const env = { ...stage!.environment, PATH: path, npm_config_prefer_offline: 'true' }
      const { code, stderr, stdout } = await run(program, args, { cwd: stage!.folder, env })
      expect(code, `${line}\n${stdout}\n${stderr}`).toBe(0)
    } else if (name === 'WORKDIR') expect(rest).toBe('/app')
    else Object.assign(stage!.instructions, { [name!]: rest! })
  }
  return stages.get('image')!
}

test('the image holds bundles alone', () => {
  const files = readdirSync(image.folder)
  expect(files.filter((name) => !/\.mjs(?:\.map)?$/.test(name))).toEqual([])
  expect(files).toEqual(
    expect.arrayContaining(['elasticsearch.mjs', 'opensearch.mjs', 'health.mjs', 'worker-threads.mjs']),
  )
  expect(image.instructions.USER).toBe('1000:1000')
})

test.each(['elasticsearch.mjs', 'opensearch.mjs', 'worker-threads.mjs'])(
  '%s starts, is healthy, works, and ends at SIGTERM',
  async (command) => {
    const cloud = await startCloud()
    onTestFinished(() => cloud.stop())
    // A worker derives its attempts from it.
    const RedrivePolicy = JSON.stringify({
      deadLetterTargetArn: `arn:aws:sqs:eu-central-1:000000000000:${cloud.deadLetterUrl.split('/').at(-1)}`,
      maxReceiveCount: 5,
    })
    await cloud.sqs.send(new SetQueueAttributesCommand({ QueueUrl: cloud.queueUrl, Attributes: { RedrivePolicy } }))
    const search = await bulkServer()
    onTestFinished(() => search.close())
    const fixtures = fixturesFor(formats)
    for (const { key, body } of fixtures) await cloud.notify(await cloud.put(key, body))
    const port = String(await freePort())
    const [program, ...args] = JSON.parse(image.instructions.ENTRYPOINT!) as [string, ...string[]]
    expect(program).toBe('node')
    const environment = {
      ...image.environment,
      ...awsEnvironment(cloud.endpoint),
      NODE_OPTIONS: `--import=${localhost}`,
      SEARCH_URL: search.url,
      QUEUE_URL: cloud.queueUrl,
      DEAD_LETTER_QUEUE_URL: cloud.deadLetterUrl,
      WAIT_SECONDS: '1',
      HTTP_PORT: port,
    }
    const worker: ChildProcess = spawn(node, [...args, command], { cwd: image.folder, env: environment })
    onTestFinished(() => {
      worker.kill('SIGKILL')
    })
    let stderr = ''
    worker.stderr!.on('data', (data) => {
      stderr += data
    })
    const exit = once(worker, 'exit')
    const check = JSON.parse(/CMD (.*)$/.exec(image.instructions.HEALTHCHECK!)![1]!) as string[]
    const health = () => run(node, check.slice(1), { cwd: image.folder, env: { HTTP_PORT: port } })
    const expected = [...expectedSources(fixtures)].map(([stream, sources]) => [stream, sources.length])
    const stored = () => expected.map(([stream]) => [stream, search.documents.get(stream as string)?.size ?? 0])
    await expect.poll(stored, { timeout: 60_000, interval: 200 }).toEqual(expected)
    for (const [stream, sources] of expectedSources(fixtures))
      expect(sorted([...search.documents.get(stream)!.values()])).toEqual(sources)
    expect((await health()).code, stderr).toBe(0)
    worker.kill('SIGTERM')
    expect(await exit, stderr).toEqual([0, null])
    expect((await health()).code).toBe(1)
  },
)

test('the default command is one of its files', () => {
  const [command] = JSON.parse(image.instructions.CMD!) as [string]
  expect(existsSync(join(image.folder, command))).toBe(true)
})
