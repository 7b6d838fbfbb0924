import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { dailyQuestions } from '@flowferry/answers'
import { ingested } from '@flowferry/core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { noSettings } from '../config/settings.ts'
import { runHere, runWith } from '../test-io.ts'
import { ingestCommand } from './ingest.ts'

// A machine that does other things as well is slow, not wrong.
vi.setConfig({ testTimeout: 60_000 })

describe('flowferry ask', () => {
  let folder: string
  let from: string
  const second = Date.parse('2026-11-22T09:00:00Z') / 1000
  const header =
    'version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status tcp-flags flow-direction'
  const record = (rest: string, end: number, more: string) =>
    `5 123456789012 eni-1 ${rest} ${second + end - 50} ${second + end} ACCEPT OK ${more}`
  const lines = [
    // One connection without an answer, one that is answered, bytes to outside, and the hour after them.
    record('10.0.3.7 10.0.9.12 40001 5432 6 4 240', 60, '2 egress'),
    record('10.0.3.7 10.0.9.12 40002 5432 6 90 123456', 120, '3 egress'),
    record('10.0.9.12 10.0.3.7 5432 40002 6 90 7654321', 121, '19 ingress'),
    record('10.0.3.7 203.0.113.9 40003 443 6 90 1500000', 180, '3 egress'),
    record('10.0.3.7 203.0.113.9 40004 443 6 1 60', 3599, '3 egress'),
  ]
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'flowferry-ask-'))
    await writeFile(join(folder, 'flow.log'), `${[header, ...lines].join('\n')}\n`)
    from = `duckdb:${join(folder, 'logs.db')}`
    const { code, stderr } = await runHere(['ingest', join(folder, 'flow.log'), '--to', from])
    expect(code, stderr).toBe(0)
  }, 60_000)
  afterAll(() => rm(folder, { recursive: true }))

  const span = ['--since', '2026-11-22T09:00Z', '--until', '2026-11-22T10:00Z']
  const ask = (...args: string[]) => runHere(['ask', ...args, '--from', from, ...span])

  it('asks a panel of the dashboard, too, as the page copies it', async () => {
    const { code, stdout } = await ask('flow-records', '--json')
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ question: 'flow-records', rows: [{ records: 5, interfaces: 1 }] })
  })

  it('lists the questions, what they tell, and of which logs', async () => {
    const { code, stdout, stderr } = await runHere(['ask'])
    expect([code, stderr]).toEqual([0, ''])
    const [heading, ...rows] = stdout.trimEnd().split('\n')
    expect(heading).toMatch(/^question +what it tells +of the logs$/)
    expect(rows.map((row) => row.split(' ')[0])).toEqual(dailyQuestions.map(({ name }) => name))
    expect(stdout).toMatch(/^talkers +Who sends the most bytes to whom +aws\.vpcflow$/m)
    const listed = JSON.parse((await runHere(['ask', '--json'])).stdout)
    expect(listed.questions).toHaveLength(dailyQuestions.length)
  })

  it('answers with one object for machines', async () => {
    const { code, stdout, stderr } = await ask('unanswered', '--json')
    expect([code, stderr]).toEqual([0, ''])
    expect(JSON.parse(stdout)).toEqual({
      question: 'unanswered',
      span: { from: '2026-11-22T09:00:00.000Z', to: '2026-11-22T10:00:00.000Z' },
      columns: expect.arrayContaining([{ name: 'destination.port', heading: 'port', unit: 'code' }]),
      rows: [
        {
          'destination.ip': '10.0.9.12',
          'destination.port': 5432,
          unanswered: 1,
          refused: 0,
          reset: 0,
          answered: 1,
          clients: 1,
          first: '2026-11-22T09:00:10.000Z',
          last: '2026-11-22T09:01:00.000Z',
        },
      ],
      approximate: [],
      partial: null,
    })
  })

  it('answers people with a table in their units, and what to know', async () => {
    const { code, stdout } = await ask('talkers')
    expect(code).toBe(0)
    expect(stdout.split('\n').slice(0, 6)).toEqual([
      'Who sends the most bytes to whom',
      '22 Nov 09:00:00 to 22 Nov 10:00:00 UTC: 2 rows',
      '',
      '  source    destination   bytes  packets  records',
      '  10.0.3.7  203.0.113.9  1.5 MB       91        2',
      '  10.0.3.7  10.0.9.12    124 kB       94        2',
    ])
    expect(stdout).toContain('counts once, where it leaves')
  })

  it('says which span it asked of, where nothing is in it and nobody said another', async () => {
    const stderr = async (...args: string[]) => (await runHere(['ask', 'talkers', '--from', from, ...args])).stderr
    expect(await stderr()).toMatch(/^note: asked of the last 24 hours; --since /)
    expect(await stderr('--quiet')).toBe('')
    expect(await stderr('--since', '2020-01-01', '--until', '2020-01-02')).toBe('')
  })

  it('takes no more rows than --limit, and blocks of your own', async () => {
    const rows = async (...args: string[]) => JSON.parse((await ask(...args, '--json')).stdout).rows
    expect(await rows('talkers', '--limit', '1')).toHaveLength(1)
    expect(await rows('new-external')).toMatchObject([{ 'destination.ip': '203.0.113.9', bytes: 1_500_060 }])
    expect(await rows('new-external', '--own', '10.0.0.0/8', '203.0.113.0/24')).toEqual([])
  })

  it('tells of the formats that are there', async () => {
    const { code, stdout } = await ask('health', '--json')
    expect(code).toBe(0)
    expect(JSON.parse(stdout).rows).toMatchObject([
      { dataset: 'aws.vpcflow', newest: '2026-11-22T09:59:59.000Z', behind: 1, records: 5, ingested: null, dead: null },
    ])
  })

  it('tells how late they came where the config has the enrichment `ingested`', async () => {
    const to = `duckdb:${join(folder, 'ingested.db')}`
    const settings = { ...noSettings, enrichments: [ingested] }
    const written = await runWith((io) => ingestCommand([join(folder, 'flow.log')], { to }, io, settings))
    expect(written.code, written.stderr).toBe(0)
    const { stdout } = await runHere(['ask', 'health', '--from', to, ...span, '--json'])
    expect(JSON.parse(stdout).rows).toMatchObject([
      { dataset: 'aws.vpcflow', ingested: expect.stringMatching(/^20\d\d-/), late: expect.any(Number) },
    ])
  })

  it.each([
    ['searches', /^error: The question was stopped: /],
    ['does not tell what it is', /^error: \S+ was to tell what it is, and the user ended it\. .*\[ABORTED\]\n/],
  ])('is cancelled as the user ends it, of an engine that for ever %s', async (what, words) => {
    const stop = new AbortController()
    const server = createServer(({ url }, response) => {
      if (url === '/' && what === 'searches') response.writeHead(404).end()
      else stop.abort()
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const [{ code, stdout, stderr }] = await Promise.all([
      runHere(['ask', 'talkers', '--from', 'opensearch', '--url', url, ...span], { signal: stop.signal }),
      once(server, 'connection').then(([socket]) => once(socket, 'close')),
    ])
    server.close()
    expect(stderr).toMatch(words)
    expect([code, stdout]).toEqual([1, ''])
  })

  it('ends with 5 and says first what is missing', async () => {
    const { code, stdout } = await ask('cdn-errors')
    expect(code).toBe(5)
    expect(stdout).toMatch(/^Not the whole answer: the database has no table aws_cloudfront_logs\./)
  })

  it.each([
    ['an unknown question', ['talker', '--from', 'duckdb:x'], 'there is no question "talker"; is it "talkers"?'],
    ['a question without a store', ['talkers'], 'Say where the logs are: --from duckdb:FILE'],
    ['a store without a question', ['--from', 'duckdb:x'], '--from needs a question'],
    ['a file that is not there', ['talkers', '--from', 'duckdb:/nowhere.db'], 'there is none at "/nowhere.db"'],
    ['a limit beyond all', ['talkers', '--from', 'duckdb:x', '--limit', '0'], 'from 1 to 100000'],
    ['an account of a file', ['talkers', '--from', 'duckdb:x', '--account', '1'], '--account goes with --from s3://'],
    ['an index of a file', ['talkers', '--from', 'duckdb:x', '--index', 'mine'], '--index goes with --from elastic'],
    ['what an archive does not tell', ['health', '--from', 's3://logs'], 'health asks a store how its documents came'],
  ])('refuses %s with 2', async (_, args, words) => {
    const { code, stdout, stderr } = await runHere(['ask', ...args])
    expect(stderr).toContain(words)
    expect([code, stdout]).toEqual([2, ''])
  })

  it('refuses a block that is none', async () => {
    const { code, stderr } = await ask('new-external', '--own', '10.0.0.0/33')
    expect(stderr).toContain('own[0] takes a block: 10.0.0.0/8')
    expect(code).toBe(2)
  })
})
