/** `flowferry why` and `ask` where the config, or an option, says into which indices `ingest` wrote. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cloudTrail } from '@flowferry/core/formats/cloudtrail'
import { transitGateway } from '@flowferry/core/formats/transit-gateway'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { indexTemplate } from '@flowferry/search'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { engines } from '../../../test/support/engines.ts'
import { searchServer } from '../../../test/support/search.ts'
import { onServers } from '../../../test/support/servers.ts'
import { runHere } from '../src/test-io.ts'

// A month that no other test writes to: its index is theirs alone.
const month = '2013.03'
const second = Date.parse('2013-03-14T09:00:00Z') / 1000
const span = ['--since', '2013-03-14T09:00Z', '--until', '2013-03-14T10:00Z']
const [a, b] = ['10.250.3.7', '10.250.9.12']
const header =
  'version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status tcp-flags flow-direction'
const record = (id: string, ports: string, minute: number, action: string, direction: string) =>
  `5 123456789012 ${id} ${a} ${b} ${ports} 6 4 240 ${second + minute * 60} ${second + minute * 60 + 50} ${action} OK 2 ${direction}`
/** A calls B, and B's side rejects it. */
const lines = Array.from({ length: 55 }, (_, minute) => [
  record('eni-0a0000000000000a1', `${40_000 + minute} 5432`, minute, 'ACCEPT', 'egress'),
  record('eni-0b0000000000000b1', `${40_000 + minute} 5432`, minute, 'REJECT', 'ingress'),
]).flat()

describe.each(engines)('$name', ({ name }) => {
  const { test, urls } = onServers(name)
  const url = urls[0]!
  const { ask } = searchServer(url)
  const own = `places-${process.pid}`
  const dated = `logs-aws.vpcflow-default-${month}`
  let folder: string
  const run = (...args: string[]) => runHere(args, { cwd: folder })
  const why = (...more: string[]) => run('why', a, `${b}:5432`, ...span, '--json', ...more)
  const rejected = (...more: string[]) => run('ask', 'rejected-now', ...span, '--json', ...more)

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'flowferry-places-'))
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
    await writeFile(join(folder, 'flow.log'), `${[header, ...lines].join('\n')}\n`)
  })
  afterAll(async () => {
    await rm(folder, { recursive: true })
    if (url) for (const index of [own, dated]) await ask('DELETE', `/${index}`)
  })

  const places = [
    { place: { indexPer: 'month' }, flags: ['--index-per', 'month'], index: dated },
    { place: { index: own }, flags: ['--index', own], index: own },
  ]
  test.each(places)('asks where $place wrote, by the config and by options', async ({ place, flags, index }) => {
    if (index === own) {
      const all = [...vpcFlow.formats, ...transitGateway.formats, ...cloudTrail.formats].map(
        (format) => indexTemplate(format, name, undefined, {}, { types: [] }).template.mappings,
      )
      const properties = Object.assign({}, ...all.map((one) => one.properties)) as object
      await ask('PUT', `/${own}`, { mappings: { ...all[0], properties } })
    }
    const config = ['--config', `${Object.keys(place)}.js`]
    const store = { to: name, url, ...place }
    await writeFile(join(folder, config[1]!), `export default { store: ${JSON.stringify(store)} }\n`)
    const setup = index === own ? [] : ['--setup']
    const written = await run('ingest', join(folder, 'flow.log'), ...config, ...setup)
    expect(written.code, written.stderr).toBe(0)
    await ask('POST', `/${index}/_refresh`)

    const byConfig = await why(...config)
    expect(JSON.parse(byConfig.stdout), byConfig.stderr).toMatchObject({
      cause: 'blocked-at-target',
      tries: { failed: 55 },
      // There is none in this index, so nothing is known of changes.
      cannotTell: expect.arrayContaining([expect.objectContaining({ what: 'what was changed before' })]),
    })
    expect(byConfig.code).toBe(4)
    const rows = JSON.parse((await rejected(...config)).stdout).rows
    expect(rows).toMatchObject([{ 'aws.vpcflow.interface_id': 'eni-0b0000000000000b1', rejected: 55 }])

    const from = ['--no-config', '--from', name, '--url', url]
    expect(await why(...from, ...flags)).toEqual(byConfig)
    expect(JSON.parse((await rejected(...from, ...flags)).stdout).rows).toEqual(rows)
    // Data streams have none of it.
    expect(JSON.parse((await rejected(...from)).stdout).rows).toEqual([])
  })
})
