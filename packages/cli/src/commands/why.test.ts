import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { snapshotOf } from '../../../../test/why/world-snapshot.ts'
import { type World, world } from '../../../../test/worlds/world.ts'
import { runHere } from '../test-io.ts'
import { askedOf } from './why.ts'

const now = new Date('2026-12-01T00:00:00Z')

describe('askedOf', () => {
  it.each([
    ['10.0.9.12:5432', { b: '10.0.9.12', port: 5432 }],
    ['10.0.9.12', { b: '10.0.9.12' }],
    ['[2001:DB8::12]:443', { b: '2001:DB8::12', port: 443 }],
    ['[2001:db8::12]', { b: '2001:db8::12' }],
    ['2001:db8::12', { b: '2001:db8::12' }],
    ['orders-db:5432', { b: 'orders-db', port: 5432 }],
    ['app/orders/50dc6c495c0c9188:443', { b: 'app/orders/50dc6c495c0c9188', port: 443 }],
    ['Interface for NAT Gateway nat-0a1b', { b: 'Interface for NAT Gateway nat-0a1b' }],
  ])('reads %s', (b, target) => {
    expect(askedOf('10.0.3.7', b, { from: '', since: '-2h', until: '-1h' }, now)).toEqual({
      a: '10.0.3.7',
      target,
      since: '2026-11-30T22:00:00.000Z',
      until: '2026-11-30T23:00:00.000Z',
    })
  })

  it('takes times as --json gives them', () => {
    const span = { since: '2026-11-22T09:00:00.500Z', until: '2026-11-22T10:00:00.000Z' }
    expect(askedOf('10.0.3.7', '10.0.9.12', { from: '', ...span }, now)).toMatchObject(span)
  })

  it('takes the last hour where no span is said, and A alone', () => {
    expect(askedOf('10.0.3.7', undefined, { from: '' }, now)).toEqual({
      a: '10.0.3.7',
      since: '2026-11-30T23:00:00.000Z',
      until: '2026-12-01T00:00:00.000Z',
    })
  })
})

describe('flowferry why', { timeout: 60_000 }, () => {
  let folder: string
  let one: World
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'flowferry-why-'))
    one = world(1, { noise: 60 })
    for (const { key, body } of one.files) {
      const path = join(folder, 'logs', key)
      await mkdir(dirname(path), { recursive: true })
      await writeFile(path, body)
    }
    const { code, stderr } = await runHere([
      'ingest',
      join(folder, 'logs'),
      '--to',
      `duckdb:${join(folder, 'logs.db')}`,
    ])
    expect(code, stderr).toBe(0)
  }, 60_000)
  afterAll(() => rm(folder, { recursive: true }))

  const time = (iso: string) => iso.replace('.000', '')
  const askOf = (a: string, b: string | undefined, ...more: string[]) =>
    runHere([
      'why',
      a,
      ...(b === undefined ? [] : [b]),
      '--from',
      `duckdb:${join(folder, 'logs.db')}`,
      '--since',
      time(one.since),
      '--until',
      time(one.until),
      ...more,
    ])
  const ask = (...more: string[]) => askOf(one.a, `${one.b}:${one.port}`, ...more)

  it('names the cause, the change before it, and ends with 4', async () => {
    const { code, stdout, stderr } = await ask('--json')
    expect(stderr).toBe('')
    expect(code).toBe(4)
    const diagnosis = JSON.parse(stdout)
    expect(diagnosis).toMatchObject({ cause: 'blocked-at-target', certainty: 'high', alternatives: [] })
    expect(diagnosis.changes.map(({ eventId }: { eventId: string }) => eventId)).toContain(one.change!.eventID)
    expect(diagnosis.evidence[0]).toMatchObject({ source: { ip: one.a }, destination: { ip: one.b } })
  })

  it('tells people the answer first', async () => {
    const { stdout } = await ask()
    expect(stdout.split('\n')[0]).toContain("B's side refuses it")
    expect(stdout).toContain('Complete until')
  })

  it('ends with 5 where the logs cannot tell', async () => {
    const { code, stdout } = await askOf('192.0.2.1', '192.0.2.2:443')
    expect(stdout).toContain('Cannot tell.')
    expect(code).toBe(5)
  })

  describe('with a snapshot', () => {
    const snapshot = () => join(folder, 'snapshot.json')
    beforeAll(() => writeFile(snapshot(), JSON.stringify(snapshotOf(one))))
    const named = (a: string, b: string | undefined, ...more: string[]) =>
      askOf(a, b, '--snapshot', snapshot(), ...more)

    it('takes names, and names the groups and what to look at', async () => {
      const { code, stdout, stderr } = await named('client', `TARGET:${one.port}`, '--json')
      expect(stderr).toBe('')
      expect(code).toBe(4)
      const { groups } = one.told.interfaces.find(({ privateIpAddress }) => privateIpAddress === one.b)!
      expect(JSON.parse(stdout)).toMatchObject({
        cause: 'blocked-at-target',
        pairs: [{ a: one.a, b: one.b, aName: 'client', bName: 'target' }],
        sentence: expect.stringContaining(`target (${one.b}, eni-`),
        next: expect.arrayContaining([
          `aws ec2 describe-security-group-rules --filters Name=group-id,Values=${groups.join(',')} --region eu-central-1`,
        ]),
      })
    })

    it('is certain where the flow log is known to write why it rejects', async () => {
      const path = join(folder, 'flow-logs.json')
      await writeFile(path, JSON.stringify(snapshotOf(one, 'after')))
      const { stdout } = await askOf('client', `target:${one.port}`, '--snapshot', path, '--json')
      expect(JSON.parse(stdout)).toMatchObject({ cause: 'blocked-at-target', certainty: 'certain' })
      // None can be changed: it does not matter of when the snapshot is that has the one of the records.
      const older = JSON.stringify(snapshotOf(one, 'before'))
      await writeFile(path, older)
      const before = JSON.parse((await askOf('client', `target:${one.port}`, '--snapshot', path, '--json')).stdout)
      expect(before).toMatchObject({ cause: 'blocked-at-target', certainty: 'certain' })
      await writeFile(path, older.replaceAll('"fl-', '"fl-another'))
      const unknown = JSON.parse((await askOf('client', `target:${one.port}`, '--snapshot', path, '--json')).stdout)
      expect(unknown).toMatchObject({ cause: 'blocked-at-target', certainty: 'high' })
      expect(JSON.stringify(unknown.cannotTell)).toContain('is of before its end')
    })

    it.each(['instanceId', 'networkInterfaceId'] as const)(
      'takes the %s of A, which the logs know, too',
      async (id) => {
        const known = one.told.interfaces.find(({ privateIpAddress }) => privateIpAddress === one.a)!
        const asked = [known[id]!, `${one.b}:${one.port}`] as const
        for (const { code, stdout } of [await named(...asked, '--json'), await askOf(...asked, '--json')]) {
          expect(JSON.parse(stdout)).toMatchObject({ cause: 'blocked-at-target', pairs: [{ a: one.a, b: one.b }] })
          expect(code).toBe(4)
        }
      },
      60_000,
    )

    it('without B tells which targets fail, and what they have in common', async () => {
      const { code, stdout } = await named('client', undefined, '--json')
      expect(code).toBe(4)
      const { failing, targets } = JSON.parse(stdout)
      expect(failing[0]).toMatchObject({
        b: one.b,
        port: one.port,
        name: 'target',
        diagnosis: { cause: 'blocked-at-target', certainty: 'high' },
      })
      expect(targets.answer).toBeGreaterThan(0)
      const text = await named('client', undefined)
      expect(text.stdout.split('\n')[0]).toMatch(/^1 of \d+ targets of client fail\.$/)
      expect(text.stdout).toContain(`target ${one.b}:${one.port}: `)
    })

    it('says of an unknown name which is written nearly so', async () => {
      const { code, stderr } = await named('clent', one.b)
      expect(stderr).toContain('A is "clent", which nothing in the snapshot is called')
      expect(stderr).toContain('is it "client"?')
      expect(code).toBe(2)
    })
  })

  it.each([
    ['one end alone', ['[2001:db8::1]', '2001:db8:0::1'], 'B is A'],
    ['a name without a snapshot', ['payments', '10.0.9.12'], 'A is "payments", a name, which needs a snapshot'],
    ['an interface of no record', ['eni-00000000000000009', '10.0.9.12'], 'of whose address the flow logs'],
  ])('refuses %s with 2', async (_, [a, b], words) => {
    const { code, stdout, stderr } = await askOf(a!, b!)
    expect(stderr).toContain(words)
    expect(stdout).toBe('')
    expect(code).toBe(2)
  })

  it.each([
    ['an empty A', ['', '10.0.9.12'], 'it is empty'],
    ['a snapshot that is not there', ['10.0.3.7', '--snapshot', '/nowhere.json'], 'there is none at "/nowhere.json"'],
    ['a port beyond all', ['10.0.3.7', '10.0.9.12:70000'], 'from 1 to 65535'],
    [
      'a span that ends before it begins',
      ['10.0.3.7', '10.0.9.12', '--since', '-1h', '--until', '-2h'],
      'before --until',
    ],
    ['another store', ['10.0.3.7', '10.0.9.12', '--from', 'sqlite:x'], '--from takes duckdb:FILE'],
    [
      'a file that is not there',
      ['10.0.3.7', '10.0.9.12', '--from', 'duckdb:/nowhere.db'],
      'there is none at "/nowhere.db"',
    ],
    [
      'a URL of a file',
      ['10.0.3.7', '10.0.9.12', '--from', 'duckdb:x', '--url', 'http://x'],
      '--url goes with --from elasticsearch or opensearch',
    ],
    [
      'an index of an archive',
      ['10.0.3.7', '10.0.9.12', '--from', 's3://logs', '--index-per', 'day'],
      '--index-per goes with --from elasticsearch or opensearch',
    ],
    [
      'two places',
      ['10.0.3.7', '10.0.9.12', '--from', 'opensearch', '--index', 'logs', '--index-per', 'day'],
      '--index and --index-per are two ways; choose one',
    ],
  ])('refuses %s with 2', async (_, args, words) => {
    const from = args.includes('--from') ? [] : ['--from', 'duckdb:/nowhere.db']
    const { code, stdout, stderr } = await runHere(['why', ...args, ...from])
    expect(stderr).toContain(words)
    expect(stdout).toBe('')
    expect(code).toBe(2)
  })
})
