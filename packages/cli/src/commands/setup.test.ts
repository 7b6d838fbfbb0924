import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { runHere } from '../test-io.ts'

/** As much of a cluster as keeps templates. */
const templates = new Map<string, { index_patterns: string[] }>()
const server = createServer(async (request, response) => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  response.setHeader('x-elastic-product', 'Elasticsearch')
  response.setHeader('content-type', 'application/json')
  const name = /^\/_index_template\/(.+)$/.exec(request.url!)?.[1]
  if (name && request.method === 'PUT') templates.set(name, JSON.parse(Buffer.concat(chunks).toString()))
  const known = name && templates.get(name)
  response.statusCode = known ? 200 : 404
  response.end(JSON.stringify(known ? { index_templates: [{ index_template: known }] } : {}))
})
let url: string
beforeEach(async () => {
  templates.clear()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterEach(() => {
  server.close()
  server.closeAllConnections()
})

describe('flowferry setup', () => {
  it.each(['elasticsearch', 'opensearch'])('installs the templates into %s, and a second time nothing', async (to) => {
    const dry = await runHere(['setup', '--to', to, '--url', url, '--dry-run'])
    expect(dry.stdout).toContain('index template flowferry-aws.vpcflow would be created\n')
    expect(templates.size).toBe(0)
    const first = await runHere(['setup', '--to', to, '--url', url])
    expect(first).toMatchObject({ code: 0, stderr: '' })
    expect(first.stdout).toContain('index template flowferry-aws.cloudtrail created\n')
    expect([...templates.keys()].sort()).toEqual(
      ['cloudfront_logs', 'cloudtrail', 'vpcflow'].map((dataset) => `flowferry-aws.${dataset}`),
    )
    const second = await runHere(['setup', '--to', to, '--url', url])
    expect(second.stdout.match(/^index template \S+ is as it should be$/gm)).toHaveLength(3)
  })

  it('installs those of indices by time, for one format', async () => {
    const args = ['--index-per', 'month', '--format', 'vpc-flow']
    const { stdout } = await runHere(['setup', '--to', 'elasticsearch', '--url', url, ...args])
    expect(stdout).toBe('index template flowferry-aws.vpcflow-dated created\n')
    expect(templates.get('flowferry-aws.vpcflow-dated')!.index_patterns).toEqual(['logs-aws.vpcflow-*-20*.*'])
  })

  it('has nothing to do for DuckDB', async () => {
    const { code, stderr } = await runHere(['setup', '--to', 'duckdb:never.db'])
    expect(stderr).toBe('error: DuckDB needs no setup: --to takes elasticsearch or opensearch\n')
    expect(code).toBe(2)
  })
})
