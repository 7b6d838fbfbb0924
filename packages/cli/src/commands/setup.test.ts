import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { nameProduct } from '../../../../test/support/product-header.ts'
import { awsFormatNames, parserFor } from '../formats.ts'
import { runHere } from '../test-io.ts'

/** As much of a cluster as keeps templates. */
interface Template {
  readonly index_patterns: string[]
  readonly priority: number
  readonly template: object
}
const templates = new Map<string, Template>()
const winnerOf = (target: string, more: readonly Template[]) =>
  [...templates.values(), ...more]
    .filter(({ index_patterns: [pattern] }) => new RegExp(`^${pattern!.replaceAll('*', '.*')}$`).test(target))
    .sort((a, b) => b.priority - a.priority)[0]
const server = createServer(async (request, response) => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  nameProduct(request, response)
  response.setHeader('content-type', 'application/json')
  const target = /_simulate_index\/([^?]+)/.exec(request.url!)?.[1]
  if (target) {
    const body = Buffer.concat(chunks).toString()
    response.end(JSON.stringify({ template: winnerOf(target, body ? [JSON.parse(body)] : [])?.template }))
    return
  }
  if (request.url!.startsWith('/_index_template?')) {
    const all = [...templates].map(([name, template]) => ({ name, index_template: template }))
    response.end(JSON.stringify({ index_templates: all }))
    return
  }
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
  it('installs what doctor then finds in force, where both are told the same of documents', async () => {
    const to = ['--to', 'elasticsearch', '--url', url, '--format', 'cloudtrail']
    const templatesOf = async (...more: string[]) => {
      const { stdout } = await runHere(['doctor', ...to, '--json', ...more])
      const { checks } = JSON.parse(stdout) as { checks: { check: string; status: string }[] }
      return checks.find(({ check }) => check === 'templates')!.status
    }
    await runHere(['setup', ...to, '--documents', 'full', '--no-config'])
    expect(await templatesOf('--documents', 'full', '--no-config')).toBe('ok')
    expect(await templatesOf('--no-config')).toBe('warning')
    const folder = mkdtempSync(join(tmpdir(), 'flowferry-setup-'))
    try {
      const config = join(folder, 'flowferry.config.mjs')
      const store = { to: 'elasticsearch', documents: 'full' }
      writeFileSync(config, `export default { store: ${JSON.stringify(store)} }\n`)
      expect(await templatesOf('--config', config)).toBe('ok')
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('tells as JSON what it did', async () => {
    const args = ['setup', '--to', 'elasticsearch', '--url', url, '--format', 'vpc-flow', '--json', '--quiet']
    const dry = JSON.parse((await runHere([...args, '--dry-run'])).stdout)
    expect(dry).toEqual({
      dryRun: true,
      changes: [expect.objectContaining({ kind: 'index template', name: 'flowferry-aws.vpcflow', action: 'created' })],
    })
    expect(templates.size).toBe(0)
    const { code, stdout, stderr } = await runHere(args)
    expect(JSON.parse(stdout)).toEqual({ ...dry, dryRun: false })
    expect(stderr).toBe('')
    expect(code).toBe(0)
  })

  it.each(['elasticsearch', 'opensearch'])('installs the templates into %s, and a second time nothing', async (to) => {
    const dry = await runHere(['setup', '--to', to, '--url', url, '--dry-run'])
    expect(dry.stdout).toContain('index template flowferry-aws.vpcflow would be created\n')
    expect(templates.size).toBe(0)
    const first = await runHere(['setup', '--to', to, '--url', url])
    expect(first).toMatchObject({ code: 0, stderr: '' })
    expect(first.stdout).toContain('index template flowferry-aws.cloudtrail created\n')
    const { formats } = await parserFor(awsFormatNames)
    const names = new Set(formats.map(({ dataset }) => `flowferry-${dataset}`))
    expect([...templates.keys()].sort()).toEqual([...names].sort())
    const second = await runHere(['setup', '--to', to, '--url', url])
    expect(second.stdout.match(/^index template \S+ is as it should be$/gm)).toHaveLength(names.size)
  })

  it('installs those of indices by time, for one format', async () => {
    const args = ['--index-per', 'month', '--format', 'vpc-flow']
    const { stdout } = await runHere(['setup', '--to', 'elasticsearch', '--url', url, ...args])
    expect(stdout).toBe('index template flowferry-aws.vpcflow-dated created\n')
    expect(templates.get('flowferry-aws.vpcflow-dated')!.index_patterns).toEqual(['logs-aws.vpcflow-*-20*.*'])
  })

  it('passes on settings and lifecycle, and says which settings a later run changes', async () => {
    const args = ['setup', '--to', 'elasticsearch', '--url', url, '--format', 'vpc-flow']
    const settings = ['--codec', 'default', '--refresh-interval', '5s', '--number-of-shards', '2', '--mode', 'logsdb']
    const sort = ['--sort', 'source.ip', '@timestamp:desc', '--total-fields-limit', '3000', '--number-of-replicas', '0']
    await runHere([...args, '--retention', '30d', ...settings, ...sort])
    const installed = () => templates.get('flowferry-aws.vpcflow')!.template
    expect(installed()).toMatchObject({
      lifecycle: { enabled: true, data_retention: '30d' },
      settings: {
        index: {
          codec: 'default',
          refresh_interval: '5s',
          number_of_shards: '2',
          number_of_replicas: '0',
          mode: 'logsdb',
          sort: { field: ['source.ip', '@timestamp'], order: ['asc', 'desc'] },
          mapping: { total_fields: { limit: '3000' } },
        },
      },
    })
    const { stdout } = await runHere([...args, '--no-retention', '--codec', 'best_compression'])
    expect(stdout).toMatch(/^index template \S+ updated\nnote: changed: index\.codec; /)
    expect(installed()).toMatchObject({ lifecycle: { enabled: true }, settings: { index: { refresh_interval: '5s' } } })
    expect(installed()).not.toHaveProperty('lifecycle.data_retention')
    const dry = await runHere([...args, '--max-age', '7d', '--dry-run'])
    expect(dry.stdout).toContain('lifecycle policy flowferry-aws.vpcflow would be created\n')
  })

  it('refuses what the engine does not have, as wrong usage or with the reason', async () => {
    const args = ['setup', '--to', 'opensearch', '--url', url]
    const mode = await runHere([...args, '--mode', 'logsdb'])
    expect(mode).toMatchObject({ code: 2, stderr: expect.stringContaining('only Elasticsearch has index modes') })
    const retention = await runHere([...args, '--retention', '30d'])
    expect(retention).toMatchObject({ code: 1, stderr: expect.stringContaining('Index State Management') })
    expect(templates.size).toBe(0)
    const { stdout } = await runHere([...args, '--format', 'vpc-flow'])
    expect(stdout).toMatch(/^index template \S+ created\nnote: This OpenSearch does not have the plugin/)
  })

  it('fails where a template of somebody else wins, and names it', async () => {
    templates.set('mine', { index_patterns: ['logs-*'], priority: 500, template: { mappings: {} } })
    for (const more of [['--dry-run'], []]) {
      const args = ['setup', '--to', 'elasticsearch', '--url', url, '--format', 'vpc-flow', ...more]
      const { code, stderr } = await runHere(args)
      expect(code).toBe(1)
      expect(stderr).toContain('"mine" of priority 500 wins over flowferry-aws.vpcflow for logs-aws.vpcflow-default')
      expect(stderr).toContain('TARGET_TEMPLATE')
    }
  })

  it('installs templates for documents with each value under all of its names, or for words of long texts', async () => {
    const args = ['setup', '--to', 'opensearch', '--url', url, '--format', 'vpc-flow']
    const propertiesOf = (name: string) =>
      (templates.get(name) as { template: { mappings: { properties: Record<string, unknown> } } }).template.mappings
        .properties
    await runHere(args)
    expect(propertiesOf('flowferry-aws.vpcflow')).toMatchObject({ 'source.bytes': { type: 'alias' } })
    await runHere([...args, '--documents', 'full'])
    expect(propertiesOf('flowferry-aws.vpcflow')).toMatchObject({ 'source.bytes': { type: 'long' } })
    await runHere(['setup', '--to', 'opensearch', '--url', url, '--format', 'cloudtrail', '--full-text'])
    const trail = ['setup', '--to', 'opensearch', '--url', url, '--format', 'cloudtrail']
    const text = () => propertiesOf('flowferry-aws.cloudtrail')['aws.cloudtrail.request_parameters']
    expect(text()).toHaveProperty('fields.text')
    // What a run does not speak of stays.
    await runHere([...trail, '--codec', 'default'])
    expect(text()).toHaveProperty('fields.text')
    await runHere([...trail, '--no-full-text'])
    expect(text()).not.toHaveProperty('fields')
  })

  it('installs the template of dead records where that is asked for', async () => {
    const args = ['setup', '--to', 'opensearch', '--url', url, '--format', 'vpc-flow']
    await runHere(args)
    expect([...templates.keys()]).toEqual(['flowferry-aws.vpcflow'])
    await runHere([...args, '--dead-records'])
    expect([...templates.keys()]).toContain('flowferry-flowferry.dead_letter')
  })

  it('has nothing to do for DuckDB', async () => {
    const { code, stderr } = await runHere(['setup', '--to', 'duckdb:never.db'])
    expect(stderr).toBe('error: DuckDB needs no setup: --to takes elasticsearch or opensearch\n')
    expect(code).toBe(2)
  })
})
