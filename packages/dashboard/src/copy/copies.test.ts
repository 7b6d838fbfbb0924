import { dailyQuestions, dashboards, type Question, type Row, type Store } from '@flowferry/answers'
import { duckdbStore } from '@flowferry/answers/duckdb'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { type DuckDBSink, duckdb } from '@flowferry/sink-duckdb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { casesOf } from '../../../answers/test/contract.ts'
import { sampleOf, today } from '../../../answers/test/sample.ts'
import { command } from './command.ts'
import { sql } from './sql.ts'

const sample = sampleOf('aws')
const options = { own: ['10.0.0.0/8'] }
const plain = dailyQuestions.flatMap((question) => ('over' in question ? [question] : []))
const asked: { name: string; question: Question }[] = [
  ...casesOf(sample),
  ...[...plain, ...dashboards.flatMap(({ panels }) => panels)].map((one) => ({
    name: one.name,
    question: one.over(today, options),
  })),
]
const said = asked.flatMap(({ name, question }) => {
  const statement = sql(question, sample.formats)
  return statement === undefined ? [] : [{ name, question, statement }]
})

describe('SQL', () => {
  let sink: DuckDBSink
  let store: Store
  beforeAll(async () => {
    sink = await duckdb()
    await sample.write(sink, 'small')
    store = duckdbStore({ connection: sink.connection, formats: sample.formats })
  })
  afterAll(() => sink.close())

  const plainOf = (value: unknown): unknown => {
    if (value instanceof Date) return value.toISOString()
    if (typeof value === 'string' && /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d/.test(value))
      return new Date(value.endsWith('Z') ? value : `${value.replace(' ', 'T')}Z`).toISOString()
    if (typeof value === 'bigint' || typeof value === 'number') return Number(Number(value).toPrecision(9))
    if (Array.isArray(value)) return value.map(plainOf)
    return value ?? null
  }
  const rowsOf = (rows: readonly object[]) => rows.map((row) => JSON.stringify(Object.values(row).map(plainOf))).sort()

  test.each(said)('$name gives the rows of the store', async ({ question, statement }) => {
    const rows = await sink.query<Record<string, never>>(statement)
    const { rows: expected } = await store.ask(question)
    // Whole documents are columns there.
    if (question.kind === 'documents' && !question.fields) return expect(rows).toHaveLength(expected.length)
    expect(rows).toHaveLength(expected.length)
    const lists = expected.some((row: Row) =>
      Object.values(row).some((value) => typeof value === 'object' && value !== null),
    )
    // What ties at the limit is any of them.
    if (!lists && expected.length < (question.limit ?? 100)) expect(rowsOf(rows)).toEqual(rowsOf(expected))
  })

  test('is there for every panel', () => {
    const names = said.map(({ name }) => name)
    expect(names).toEqual(expect.arrayContaining(dashboards.flatMap(({ panels }) => panels.map(({ name }) => name))))
  })

  test('a text of a log stays a text', async () => {
    const hostile = `x'; DROP TABLE aws_vpcflow; --`
    const question: Question = {
      kind: 'groups',
      formats: ['aws.vpcflow'],
      span: today,
      filters: [{ field: 'aws.vpcflow.interface_id', equals: hostile }],
      measures: { flows: { count: true } },
    }
    expect(await sink.query(sql(question, sample.formats)!)).toEqual([{ flows: 0 }])
    expect(await sink.query('SELECT count(*) > 0 AS there FROM aws_vpcflow')).toEqual([{ there: true }])
  })

  test('a text of a log with control characters is itself, written without them', async () => {
    const hostile = "a\n.shell id\u0003\u001b[201~\u202e'b"
    const question: Question = {
      kind: 'documents',
      formats: ['aws.vpcflow'],
      span: today,
      filters: [{ field: 'aws.vpcflow.interface_id', equals: hostile }],
    }
    const statement = sql(question, sample.formats)!
    expect(statement).not.toMatch(/[^\n\P{C}]|^\./mu)
    const [, written] = /"aws_vpcflow_interface_id" = (concat\(.*\))$/m.exec(statement) ?? []
    expect(await sink.query(`SELECT ${written} AS text`)).toEqual([{ text: hostile }])
  })

  test.each([
    ['two formats', { formats: ['aws.vpcflow', 'aws.cloudtrail'] }],
    ['a format that is not known', { formats: ['aws.waf'] }],
    ['groups that alone are asked for', { groups: ['source.ip'], only: [['10.0.0.1']] }],
    ['groups of a list', { groups: ['aws.vpcflow.tcp_flags_array'] }],
  ])('is none for %s', (_, more) => {
    const question = {
      kind: 'groups',
      formats: ['aws.vpcflow'],
      span: today,
      measures: { n: { count: true } },
      ...more,
    }
    expect(sql(question as Question, vpcFlow.formats)).toBeUndefined()
  })
})

test.each([
  [['why', '10.0.3.7', '10.0.9.12:5432'], 'why 10.0.3.7 10.0.9.12:5432'],
  [['why', 'orders db'], "why 'orders db'"],
  [['why', "o'brien; rm -rf $HOME"], "why 'o'\\''brien; rm -rf $HOME'"],
  [['why', '[2001:db8::1]:443'], "why '[2001:db8::1]:443'"],
  [['why', ''], "why ''"],
  [['why', 'x\u001b[2J'], undefined],
  [['why', 'x\n'], undefined],
  [['why', 'x\u202e'], undefined],
])('a command of %j', (words, expected) => {
  expect(command(words)).toBe(expected)
})
