import { duckdb } from '@flowferry/sink-duckdb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { casesOf, expectRows } from '../test/contract.ts'
import { dailyCasesOf } from '../test/daily.ts'
import { bothDays, type Documents, sampleOf, today } from '../test/sample.ts'
import type { Store } from './answer.ts'
import { valueAt } from './documents.ts'
import { duckdbStore } from './duckdb.ts'
import { askDaily } from './questions/daily.ts'
import { dailyQuestions } from './questions/index.ts'

const sample = sampleOf('answers')
let documents: Documents
beforeAll(async () => {
  documents = await sample.documents()
})

describe.each([
  { form: 'small', whole: false },
  { form: 'full', whole: false },
  { form: 'small', whole: true },
] as const)('on $form documents, kept whole: $whole', ({ form, whole }) => {
  let sink: Awaited<ReturnType<typeof duckdb>>
  let store: Store
  beforeAll(async () => {
    sink = await duckdb(':memory:', { documents: whole })
    await sample.write(sink, form)
    store = duckdbStore({ connection: sink.connection, formats: sample.formats })
  }, 120_000)
  afterAll(() => sink.close())

  test.each(casesOf(sample))('$name', async ({ question, expected }) => {
    const answer = await store.ask(question)
    expect(answer.approximate).toEqual([])
    if (expected) expectRows(answer, expected(documents))
    expect(answer.rows.length).toBeGreaterThan(0)
  })

  test.each(dailyCasesOf(sample))('of every day: $name', async ({ name, options, expected }) => {
    const question = dailyQuestions.find((one) => one.name === name)!
    const answer = await askDaily(sample.asked(store), question, today, options)
    expect(answer.approximate).toEqual([])
    expectRows(answer, expected(documents))
    expect(answer.rows.length).toBeGreaterThan(0)
  })
})

describe('questions of every day', () => {
  let sink: Awaited<ReturnType<typeof duckdb>>
  const rowsOf = async (name: string) => {
    const question = dailyQuestions.find((one) => one.name === name)!
    const store = duckdbStore({ connection: sink.connection, formats: sample.formats })
    return (await askDaily(sample.asked(store), question, today)).rows
  }
  const column = async (name: string, field: string) => new Set((await rowsOf(name)).map((row) => row[field]))
  beforeAll(async () => {
    sink = await duckdb()
    await sample.write(sink, 'small')
  }, 120_000)
  afterAll(() => sink.close())

  test('rejected-now names the ports that were not rejected on the day before, of UDP, too', async () => {
    expect(await column('rejected-now', 'destination.port')).toEqual(new Set([6379, 53]))
    expect(await column('rejected-now', 'before')).toEqual(new Set([0]))
  })
  test('talkers counts bytes between private addresses where they leave', async () => {
    const [first] = await rowsOf('talkers')
    const between = documents.flows.filter(
      (one) =>
        valueAt(one, 'source.ip') === first!['source.ip'] &&
        valueAt(one, 'destination.ip') === first!['destination.ip'] &&
        valueAt(one, 'event.action') === 'accept' &&
        String(valueAt(one, '@timestamp')) >= '2026-11-22',
    )
    const leaving = between.filter((one) => valueAt(one, 'network.direction') === 'egress')
    const isPrivate = String(first!['source.ip']).startsWith('10.')
    expect(first!.records).toBe((isPrivate ? leaving : between).length)
    expect(leaving.length).toBeLessThan(between.length)
  })
  test('matrix has the ports of servers alone', async () => {
    expect(await column('matrix', 'destination.port')).toEqual(new Set([22, 25, 443, 5432]))
  })
  test('network-changes has what succeeded and changed something', async () => {
    expect(await column('network-changes', 'event.action')).toEqual(
      new Set(['AuthorizeSecurityGroupIngress', 'DeleteRoute']),
    )
  })
  test('iam-errors has calls that were denied, and not those that failed otherwise', async () => {
    const rows = await rowsOf('iam-errors')
    const denied = documents.calls.filter(
      (one) =>
        ['AccessDenied', 'Client.UnauthorizedOperation'].includes(String(valueAt(one, 'aws.cloudtrail.error_code'))) &&
        String(valueAt(one, '@timestamp')) >= '2026-11-22',
    )
    expect(rows.reduce((sum, { calls }) => sum + Number(calls), 0)).toBe(denied.length)
  })
  test('sign-ins has root, and users without a second factor', async () => {
    const users = (await rowsOf('sign-ins')).filter((row) => row['aws.cloudtrail.user_identity.type'] !== 'Root')
    expect(users.length).toBeGreaterThan(0)
    for (const row of users)
      expect(row).toMatchObject({
        'aws.cloudtrail.user_identity.type': 'IAMUser',
        'event.action': 'ConsoleLogin',
        'event.outcome': 'success',
        'aws.cloudtrail.console_login.additional_eventdata.mfa_used': false,
      })
  })
  test('cdn-errors and cdn-hits agree on the errors', async () => {
    const errors = (await rowsOf('cdn-errors')).reduce((sum, row) => sum + Number(row.errors), 0)
    const [hits] = await rowsOf('cdn-hits')
    expect(Number(hits!.errors) * Number(hits!.requests)).toBeCloseTo(errors)
    expect(hits!.hits).toBeGreaterThan(0)
  })
  test('log-gaps has each interface, the one that ended first before the others', async () => {
    const rows = await rowsOf('log-gaps')
    expect(rows).toHaveLength(9)
    expect(rows.map(({ last }) => last)).toEqual(rows.map(({ last }) => last).sort())
    expect(rows.some(({ skipped }) => Number(skipped) > 0)).toBe(true)
  })
})

test('says which tables are missing, and asks the others', async () => {
  const sink = await duckdb()
  const { connection } = sink
  const store = duckdbStore({ connection, formats: sample.formats })
  const span = bothDays
  const formats = [sample.flow]
  expect(await store.ask({ kind: 'groups', formats, span, measures: { flows: { count: true } } })).toEqual({
    rows: [{ flows: 0 }],
    approximate: [],
    partial: { why: 'the database has no table answers_vpcflow', absent: true },
  })
  expect(await store.ask({ kind: 'documents', formats, span })).toMatchObject({ rows: [], partial: {} })
  await sink.close()
})

test('takes a connection alone', () => {
  expect(() => duckdbStore({ connection: {} as never })).toThrow('connection is object; it takes a DuckDBConnection')
})
