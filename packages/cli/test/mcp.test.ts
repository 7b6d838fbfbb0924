/** `flowferry mcp` over both search engines and an archive on S3: the answers that it gives over DuckDB. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CreateBucketCommand } from '@aws-sdk/client-s3'
import { detect, ingest, type Sink } from '@flowferry/core'
import { cloudTrail } from '@flowferry/core/formats/cloudtrail'
import { transitGateway } from '@flowferry/core/formats/transit-gateway'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { memoryObject, memorySource } from '@flowferry/core/testing'
import { duckdb } from '@flowferry/sink-duckdb'
import { type CallToolResult, Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { awsEnvironment, putAll, s3At } from '../../../test/support/aws.ts'
import { engines } from '../../../test/support/engines.ts'
import { searchServer } from '../../../test/support/search.ts'
import { onServers } from '../../../test/support/servers.ts'
import { world } from '../../../test/worlds/world.ts'

const built = fileURLToPath(new URL('../dist/cli.js', import.meta.url))
const parser = detect([vpcFlow, transitGateway, cloudTrail])
const namespace = `mcp${process.pid}`
const one = world(4242, { row: '3', variant: 'both', noise: 20 })
const { a, b, port, since, until } = one
const span = { since, until }
/** Each tool that asks the store. Rows of one moment have no order of their own in an engine, so all of them are asked for. */
const calls = [
  { name: 'why', arguments: { a, b, port, ...span } },
  { name: 'why', arguments: { a, ...span } },
  { name: 'ask', arguments: { question: 'talkers', ...span } },
  { name: 'ask', arguments: { question: 'unanswered', ...span } },
  { name: 'flows', arguments: { a, b, port, action: 'reject', ...span, limit: 500 } },
  { name: 'changes', arguments: span },
]

async function write(sink: Sink<unknown>): Promise<void> {
  const objects = one.files.map(({ key, body }) => memoryObject({ key, body }))
  const { messages } = await ingest({ source: memorySource(...objects), parser, sink, namespace })
  expect(messages.every(({ status }) => status === 'done')).toBe(true)
}

/** What a client gets, without what an engine may have in another order or cut elsewhere for it. */
async function answersOf(from: string, env: Record<string, string>, asked = calls) {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [built, 'mcp', '--no-config', '--from', from],
    env: { PATH: process.env.PATH!, ...env },
    stderr: 'ignore',
  })
  const client = new Client({ name: 'test', version: '1.0.0' })
  await client.connect(transport)
  try {
    const answers: { readonly cut: unknown; readonly verdict: unknown; readonly rows: unknown }[] = []
    for (const call of asked) {
      const { isError, content, structuredContent } = (await client.callTool(call)) as CallToolResult
      expect(isError, JSON.stringify(content)).toBeUndefined()
      const { cut, verdict, fromLogs } = structuredContent as {
        cut: string | null
        verdict?: object
        fromLogs: { rows?: object[]; changes?: object[]; failing?: object[] }
      }
      const rows = fromLogs.rows ?? fromLogs.changes ?? fromLogs.failing ?? []
      answers.push({ cut, verdict, rows: rows.map((row) => JSON.stringify(row)).sort() })
    }
    return answers
  } finally {
    await client.close()
  }
}

let folder: string
let expected: Awaited<ReturnType<typeof answersOf>>
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'flowferry-mcp-'))
  const file = join(folder, 'logs.db')
  const sink = await duckdb(file)
  await write(sink)
  await sink.close()
  expected = await answersOf(`duckdb:${file}`, {})
})
afterAll(() => rm(folder, { recursive: true }))

describe.each(engines)('over $name', ({ name, setup, sink }) => {
  const { test, urls } = onServers(name)
  const url = urls[0]!
  beforeAll(async () => {
    if (!url) return
    await setup(url, { formats: parser.formats })
    await write(sink(url))
    for (const { dataset } of parser.formats)
      await searchServer(url).ask('POST', `/logs-${dataset}-${namespace}/_refresh`)
  })
  afterAll(async () => {
    if (!url) return
    for (const { dataset } of parser.formats)
      await searchServer(url).ask('DELETE', `/_data_stream/logs-${dataset}-${namespace}`)
  })

  test('the same answers', async () => {
    const answers = await answersOf(name, { [`${name.toUpperCase()}_URL`]: url })
    expect(answers).toEqual(expected)
    expect(answers[0]!.verdict).toMatchObject({ cause: one.cause })
    for (const { rows } of answers) expect(rows).not.toEqual([])
  })
})

describe('over an archive', () => {
  const { test, urls } = onServers('aws')
  const endpoint = urls[0]!

  test('the same answers, but for why without b', async () => {
    const s3 = s3At(endpoint)
    const bucket = namespace
    await s3.send(new CreateBucketCommand({ Bucket: bucket }))
    await putAll(s3, bucket, one.files)
    s3.destroy()
    const asked = calls.filter(({ name, arguments: given }) => name !== 'why' || 'b' in given)
    const answers = await answersOf(`s3://${bucket}`, awsEnvironment(endpoint), asked)
    expect(answers).toEqual(expected.filter((_, index) => asked.includes(calls[index]!)))
  })
})
