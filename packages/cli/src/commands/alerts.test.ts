import { writeFileSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { alerts } from '@flowferry/answers/alerts'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { runHere } from '../test-io.ts'

// A machine that does other things as well is slow, not wrong.
vi.setConfig({ testTimeout: 60_000 })

/** In place of the pauses of `--every`, for which nobody waits. */
const pause = vi.hoisted(() => vi.fn<(milliseconds: number) => Promise<void>>())
vi.mock('node:timers/promises', async (original) => ({ ...(await original<object>()), setTimeout: pause }))

describe('flowferry alerts', () => {
  let folder: string
  let from: string
  const header =
    'version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status tcp-flags flow-direction'
  const second = Date.parse('2026-11-22T10:50:00Z') / 1000
  const lines = Array.from(
    { length: 120 },
    (_, n) =>
      `5 123456789012 eni-1 10.4.0.6 10.4.1.9 44000 ${n + 1} 6 3 180 ${second - 50} ${second} REJECT OK 2 ingress`,
  )
  const event = {
    eventVersion: '1.11',
    userIdentity: { type: 'Root', accountId: '123456789012', arn: 'arn:aws:iam::123456789012:root' },
    eventTime: '2026-11-22T11:50:00Z',
    eventSource: 'ec2.amazonaws.com',
    eventName: 'RunInstances',
    awsRegion: 'us-east-1',
    sourceIPAddress: '198.51.100.42',
    eventID: '00000000-0000-4000-8000-000000000001',
  }
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'flowferry-alerts-'))
    await writeFile(join(folder, 'flow.log'), `${[header, ...lines].join('\n')}\n`)
    await writeFile(join(folder, 'trail.json'), JSON.stringify({ Records: [event] }))
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
    from = `duckdb:${join(folder, 'logs.db')}`
    const { code, stderr } = await runHere([
      'ingest',
      join(folder, 'flow.log'),
      join(folder, 'trail.json'),
      '--to',
      from,
    ])
    expect(code, stderr).toBe(0)
  }, 60_000)
  afterAll(() => rm(folder, { recursive: true }))

  let configs = 0
  const until = ['--until', '2026-11-22T12:00Z']
  const asked = (...args: string[]) => runHere(['alerts', ...args, '--from', from, ...until])
  const config = async (members: string) => {
    // A module is read once.
    const file = join(folder, `${++configs}.js`)
    await writeFile(file, `export default { alerts: ${members} }\n`)
    return ['--config', file]
  }

  it('lists the alerts, what they tell, and of which logs', async () => {
    const { code, stdout, stderr } = await runHere(['alerts'])
    expect([code, stderr]).toEqual([0, ''])
    const [heading, ...rows] = stdout.trimEnd().split('\n')
    expect(heading).toMatch(/^alert +severity +window +what it tells +of the logs$/)
    expect(rows.map((row) => row.split(' ')[0])).toEqual(alerts.map(({ name }) => name))
    const listed = JSON.parse((await runHere(['alerts', '--json'])).stdout)
    expect(listed.alerts).toContainEqual(
      expect.objectContaining({ name: 'root-used', threshold: 1, know: expect.stringContaining('billing') }),
    )
  })

  it('ends with 4 where something fires, and tells people what, whom and what next', async () => {
    const { code, stdout, stderr } = await asked('root-used', 'port-scan', '--dashboard', 'http://127.0.0.1:4000')
    expect([code, stderr]).toEqual([4, ''])
    expect(stdout.split('\n')).toEqual([
      '22 Nov 12:00:00 UTC: 2 fired, 0 ongoing, 0 resolved',
      '',
      'FIRED high port-scan: An own address tries many ports or many addresses, and is rejected',
      '  source 10.4.0.6',
      '  ports 120, addresses 1, rejected 120, last 22 Nov 10:50:00, since 22 Nov 10:50:00 UTC',
      '  flowferry ask rejected-now --from <store> --since 2026-11-22T10:50Z --until 2026-11-22T11:00Z',
      '  http://127.0.0.1:4000#/alerts/port-scan?since=2026-11-22T10%3A50%3A00.000Z&until=2026-11-22T11%3A00%3A00.000Z',
      '',
      'FIRED high root-used: The root user is used',
      '  account 123456789012, from 198.51.100.42',
      '  calls 1, actions 1, last 22 Nov 11:50:00, since 22 Nov 11:50:00 UTC',
      '  flowferry ask sign-ins --from <store> --since 2026-11-22T11:50Z --until 2026-11-22T12:00Z',
      '  http://127.0.0.1:4000#/alerts/root-used?since=2026-11-22T11%3A50%3A00.000Z&until=2026-11-22T12%3A00%3A00.000Z',
      '',
      'Looked at, UTC:',
      '  22 Nov 10:45:00 to 22 Nov 11:00:00: port-scan',
      '  22 Nov 09:55:00 to 22 Nov 12:00:00: root-used',
      '',
    ])
  })

  it('keeps in a file what was told', async () => {
    const state = join(folder, 'state.json')
    const statuses = async (...args: string[]) => {
      const { code, stdout } = await runHere([
        'alerts',
        'root-used',
        '--from',
        from,
        '--state',
        state,
        '--json',
        ...args,
      ])
      return [code, ...JSON.parse(stdout).findings.map(({ status }: { status: string }) => status)]
    }
    expect(await statuses(...until)).toEqual([4, 'fired'])
    expect(JSON.parse(await readFile(state, 'utf8')).open).toHaveLength(1)
    expect(await statuses('--until', '2026-11-22T12:05Z')).toEqual([4, 'ongoing'])
    await writeFile(state, '{}')
    const broken = await runHere(['alerts', 'root-used', '--from', from, '--state', state])
    expect(broken).toMatchObject({ code: 2, stderr: expect.stringContaining('state.json is no state of alerts') })
    expect(broken.stderr).toContain('move it away, and all that fires is told anew')
    await writeFile(state, '{"version":2}')
    const newer = await runHere(['alerts', 'root-used', '--from', from, '--state', state])
    expect(newer).toMatchObject({ code: 2, stderr: expect.stringContaining('which a newer flowferry wrote') })
  })

  it('refuses a state of a later evaluation, one that it cannot write, and one that another wrote meanwhile', async () => {
    const state = join(folder, 'later.json')
    const run = (...args: string[]) => runHere(['alerts', 'root-used', '--from', from, '--state', state, ...args])
    expect((await run(...until)).code).toBe(4)
    const text = await readFile(state, 'utf8')
    const early = await run('--until', '2026-11-22T11:00Z')
    expect([early.code, early.stdout]).toEqual([2, ''])
    expect(early.stderr).toContain('is before the last evaluation of')
    expect(early.stderr).toContain('leave out --state')

    const nowhere = join(folder, 'nowhere', 'state.json')
    const lost = await runHere(['alerts', 'root-used', '--from', from, '--state', nowhere, ...until])
    expect(lost.stderr).toContain(`--state ${nowhere} cannot be written: `)
    expect(lost.code).toBe(1)

    // While it tells, another one writes.
    const other = '{ "version": 1, "open": [], "evaluated": {} }'
    const both = await runHere(
      ['alerts', 'root-used', '--from', from, '--state', state, '--until', '2026-11-22T12:05Z'],
      { onStdout: () => writeFileSync(state, other) },
    )
    expect(both.stderr).toContain(`--state ${state}: another evaluation wrote it meanwhile`)
    expect(both.code).toBe(1)
    expect(await readFile(state, 'utf8')).toBe(other)
    await writeFile(state, text)
    expect((await run('--until', '2026-11-22T12:05Z')).code).toBe(4)
    expect((await readdir(folder)).filter((name) => name.endsWith('.part'))).toEqual([])
  })

  it('lets others write between two evaluations, and tells of what goes on by its number alone', async () => {
    const path = join(folder, 'every.db')
    const store = async (n: number) => {
      const eventTime = `${new Date(Date.now() - 60_000).toISOString().slice(0, 19)}Z`
      const eventID = `00000000-0000-4000-8000-00000000001${n}`
      const one = { ...event, eventTime, eventID, sourceIPAddress: `198.51.100.${n}` }
      await writeFile(join(folder, `${n}.json`), JSON.stringify({ Records: [one] }))
      const { code, stderr } = await runHere(['ingest', join(folder, `${n}.json`), '--to', `duckdb:${path}`])
      expect(code, stderr).toBe(0)
    }
    await store(1)
    const often = await config(`{ add: [{
      name: 'often', title: 'Often', severity: 'low', formats: ['aws.cloudtrail'], window: '5m', every: '10s',
      filters: [], by: { 'source.address': { heading: 'from' } },
      measures: { calls: { heading: 'calls', of: { count: true } } }, counts: ['calls'], threshold: 1, know: 'All.' }] }`)
    const stop = new AbortController()
    // In the first pause another record is stored.
    const pauses = [() => store(2), async () => {}, async () => stop.abort()]
    pause.mockImplementation((length) => {
      expect(length).toBe(17_000)
      return pauses.shift()!()
    })
    const { code, stdout, stderr } = await runHere(
      ['alerts', 'often', '--from', `duckdb:${path}`, '--every', '17s', ...often],
      { signal: stop.signal },
    ).finally(() => pause.mockReset())
    expect([code, stderr]).toEqual([4, ''])
    expect(pauses).toEqual([])
    // The third time nothing is new.
    expect(stdout.match(/\d fired, .*/g)).toEqual(['1 fired, 0 ongoing, 0 resolved', '1 fired, 1 ongoing, 0 resolved'])
    expect(stdout.match(/^(FIRED|ONGOING)/gm)).toEqual(['FIRED', 'FIRED'])
  })

  it('ends with 0 where nothing fires, and with 5 where nobody can tell', async () => {
    expect(await asked('console-without-mfa')).toMatchObject({ code: 0, stdout: expect.stringContaining(': 0 fired') })
    const { code, stdout } = await asked('cdn-failing', '--json')
    expect(code).toBe(5)
    expect(JSON.parse(stdout)).toMatchObject({
      findings: [],
      partial: { why: expect.stringContaining('no table aws_cloudfront_logs') },
      evaluations: [{ alert: 'cdn-failing', status: 'absent' }],
    })
  })

  it('goes on until it is ended, over a store that is down, too', async () => {
    const stop = new AbortController()
    let requests = 0
    const server = createServer(({ url }, response) => {
      // The second evaluation meets it, too.
      if (url !== '/' && ++requests === 2) stop.abort()
      response.writeHead(401).end('{}')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    pause.mockResolvedValue()
    const { code, stderr } = await runHere(
      ['alerts', 'root-used', '--from', 'opensearch', '--url', url, '--every', '10s'],
      { signal: stop.signal },
    ).finally(() => pause.mockReset())
    server.close()
    expect(requests).toBe(2)
    expect(stderr.match(/^error: /gm)).toHaveLength(1)
    expect(stderr).toContain('TARGET_UNAUTHORIZED')
    expect(code).toBe(1)
  })

  it('evaluates the logs though SQS does not tell of a queue, and says that it does not know of it', async () => {
    const server = createServer((_, response) => {
      response.writeHead(403, { 'content-type': 'application/x-amz-json-1.0' })
      response.end('{ "__type": "AccessDenied", "message": "no identity-based policy allows it" }')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    for (const [name, value] of Object.entries({
      AWS_ENDPOINT_URL: endpoint,
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    }))
      vi.stubEnv(name, value)
    const queue = 'https://sqs.eu-central-1.amazonaws.com/123456789012/dead'
    const args = ['alerts', 'root-used', 'dead-letters', '--from', from, ...until, '--dlq', queue]
    const { code, stdout, stderr } = await runHere(args, { env: { AWS_ENDPOINT_URL: endpoint } }).finally(() =>
      vi.unstubAllEnvs(),
    )
    server.close()
    expect(stdout).toContain(`Not the whole answer: dead-letters: SQS did not say how many messages ${queue} has.`)
    expect(stdout).toContain('FIRED high root-used')
    expect(stderr).toContain(`error: --dlq ${queue}: no identity-based policy allows it\n`)
    expect(code).toBe(4)
  })

  it('has alerts of the config, thresholds, what is known, and without those that are off', async () => {
    const own = `{
      name: 'ssh', title: 'SSH is tried', severity: 'low', formats: ['aws.vpcflow'], window: '15m', every: '5m',
      filters: [{ field: 'destination.port', equals: 22 }], by: { 'source.ip': { heading: 'from' } },
      measures: { flows: { heading: 'flows', of: { count: true } } }, counts: ['flows'], threshold: 1, know: 'Our office.' }`
    const names = async (members: string, ...args: string[]) => {
      const { stdout, stderr } = await asked(...args, ...(await config(members)), '--json')
      expect(stderr).toBe('')
      return JSON.parse(stdout).findings.map(({ alert }: { alert: string }) => alert)
    }
    expect(await names(`{ add: [${own}] }`, 'ssh', 'port-scan')).toEqual(['port-scan', 'ssh'])
    expect(await names(`{ thresholds: { 'port-scan': 121 } }`, 'port-scan')).toEqual([])
    expect(
      await names(`{ except: { 'port-scan': [{ field: 'source.ip', cidr: '10.4.0.0/16' }] } }`, 'port-scan'),
    ).toEqual([])
    const off = await runHere(['alerts', ...(await config(`{ off: ['root-used'] }`))])
    expect(off.stdout).not.toContain('root-used')
  })

  it.each([
    ['a member that is misspelt', '{ of: [] }', 'alerts has no "of"; is it "off"?'],
    ['an alert that is none', '{ add: [{ name: "x" }] }', 'alerts.add[0]: x.title takes text'],
    ['an alert twice', '{ add: [{}] }', 'alerts.add[0]: The alert.name takes'],
    ['a name of none', "{ off: ['root-use'] }", 'alerts.off names "root-use", which is no alert; is it "root-used"?'],
    ['a threshold that is none', "{ thresholds: { 'root-used': 0 } }", 'alerts.thresholds.root-used takes a number'],
    ['filters that are none', "{ except: { 'root-used': 1 } }", 'alerts.except takes lists of filters'],
  ])('refuses a config with %s', async (_, members, words) => {
    const { code, stderr } = await runHere(['alerts', ...(await config(members))])
    expect(stderr).toContain(words)
    expect(stderr).toContain(`${configs}.js: `)
    expect(code).toBe(2)
  })

  it.each([
    ['an unknown alert', ['root', '--from', 'duckdb:x'], 'there is no alert "root"'],
    ['an archive', ['--from', 's3://logs'], 'alerts are asked of a store'],
    ['no store', ['root-used', '--state', 'x.json'], 'Say where the logs are'],
    [
      'a time that goes on',
      ['--from', 'duckdb:x', '--every', '5m', '--until', '2026-11-22'],
      '--until is one evaluation',
    ],
    ['no pause', ['--from', 'duckdb:x', '--every', '1s'], '--every takes 10s or more'],
    ['a queue by its name', ['--from', 'duckdb:x', '--dlq', 'dead'], "--dlq takes the queue's URL"],
    ['rules of a store', ['--compile', 'kibana', '--from', 'duckdb:x'], '--from goes with an evaluation'],
  ])('refuses %s with 2', async (_, args, words) => {
    const { code, stdout, stderr } = await runHere(['alerts', ...args])
    expect(stderr).toContain(words)
    expect([code, stdout]).toEqual([2, ''])
  })

  it.each(['kibana', 'opensearch'])('prints what %s takes, and why it takes others not', async (product) => {
    const { code, stdout, stderr } = await runHere(['alerts', 'root-used', 'service-unanswered', '--compile', product])
    expect([code, stderr]).toEqual([0, ''])
    expect(JSON.parse(stdout)).toMatchObject([
      { alert: 'service-unanswered', because: expect.stringContaining('mirrored records') },
      { alert: 'root-used', [product === 'kibana' ? 'rule' : 'monitor']: { name: 'The root user is used' } },
    ])
  })
})
