import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { awsEnvironment } from '../../../test/support/aws.ts'
import { run } from '../../../test/support/installed-project.ts'

const arn = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:search-AbCdEf'

describe.each(['lambda', 'alerts-lambda'])('the start of a sandbox of examples/%s', (example) => {
  const root = fileURLToPath(new URL(`../../${example}/`, import.meta.url))
  let folder: string
  let server: Server
  /** None: it may not be read, or is not there. */
  let secret: string | undefined
  const asked: unknown[] = []

  beforeAll(async () => {
    folder = mkdtempSync(`${root}dist-`)
    await build({
      entryPoints: ['main', 'elasticsearch', 'opensearch'].map((name) => `${root}src/${name}.ts`),
      outdir: folder,
      outExtension: { '.js': '.mjs' },
      bundle: true,
      platform: 'node',
      format: 'esm',
      packages: 'external',
      logLevel: 'error',
    })
    // Secrets Manager's API: what it is asked, and a secret of the test's.
    server = createServer(async (request, response) => {
      let body = ''
      for await (const chunk of request) body += chunk
      asked.push([request.headers['x-amz-target'], JSON.parse(body)])
      response.setHeader('content-type', 'application/x-amz-json-1.1')
      if (secret === undefined) response.statusCode = 400
      response.end(
        JSON.stringify(
          secret === undefined
            ? { __type: 'ResourceNotFoundException', message: "can't find the specified secret" }
            : { ARN: arn, SecretString: secret },
        ),
      )
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  })
  afterAll(() => {
    server.close()
    rmSync(folder, { recursive: true })
  })

  const start = async (target: string, environment: Record<string, string> = {}) => {
    asked.length = 0
    const names = ['SEARCH_API_KEY', 'SEARCH_USERNAME', 'SEARCH_PASSWORD']
    const script = `const { handler } = await import('./main.mjs')
      console.log(JSON.stringify([typeof handler, ...${JSON.stringify(names)}.map((name) => process.env[name])]))`
    const { code, stdout, stderr } = await run(process.execPath, ['--input-type=module', '-e', script], {
      cwd: folder,
      env: {
        ...awsEnvironment(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
        AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
        TARGET: target,
        SEARCH_URL: 'https://search.example',
        // Of the one, and of the other.
        DEAD_LETTER_QUEUE_URL: 'https://sqs.example/1/dead',
        TOPIC_ARN: 'arn:aws:sns:us-east-1:123456789012:alerts',
        STATE_BUCKET: 'state',
        ...environment,
      },
    })
    return { code, stderr, told: stdout && JSON.parse(stdout) }
  }

  test.each([
    ['elasticsearch', '{"apiKey":"key of the test"}', ['function', 'key of the test', null, null]],
    ['opensearch', '{"username":"me","password":"word of the test"}', ['function', null, 'me', 'word of the test']],
  ])('reads the secret for %s', async (target, value, told) => {
    secret = value
    expect(await start(target, { SEARCH_SECRET_ARN: arn })).toMatchObject({ code: 0, told })
    expect(asked).toEqual([['secretsmanager.GetSecretValue', { SecretId: arn }]])
  })

  test.each([
    ['elasticsearch', '{"username":"me","password":"word of the test"}'],
    ['opensearch', '{"username":"me"}'],
    ['elasticsearch', 'word of the test'],
  ])('says what the secret for %s lacks, and not what is in it: %s', async (target, value) => {
    secret = value
    const { code, stderr } = await start(target, { SEARCH_SECRET_ARN: arn })
    expect(code).toBe(1)
    expect(stderr).toContain(`The secret ${arn} is to be {"`)
    expect(stderr).not.toContain('word of the test')
  })

  test('says which secret it cannot read, and how it is named', async () => {
    secret = undefined
    const partial = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:flowferry-search'
    const { code, stderr } = await start('elasticsearch', { SEARCH_SECRET_ARN: partial })
    expect(code).toBe(1)
    expect(stderr).toContain(
      `The secret ${partial} cannot be read: can't find the specified secret. SEARCH_SECRET_ARN is`,
    )
  })

  test('asks nobody without a secret', async () => {
    expect(await start('elasticsearch', { SEARCH_SECRET_ARN: '' })).toMatchObject({
      code: 0,
      told: ['function', null, null, null],
    })
    expect(asked).toEqual([])
  })
})
