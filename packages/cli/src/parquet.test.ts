import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { world } from '../../../test/worlds/world.ts'
import { tableOf, vpcTypes, writeTable } from '../../parquet/src/files.suite.ts'
import { runHere } from './test-io.ts'

/** An archive with flow logs as Parquet, beside the same as text. */

const one = world(2, { row: '3', variant: 'both', noise: 5 })
const folder = mkdtempSync(join(tmpdir(), 'flowferry-'))
const at = (name: string) => join(folder, name)

beforeAll(async () => {
  for (const { key, body } of one.files) {
    const put = (top: string, name: string, bytes: Uint8Array) => {
      mkdirSync(dirname(at(join(top, name))), { recursive: true })
      writeFileSync(at(join(top, name)), bytes)
    }
    put('text', key, body)
    if (!key.includes('/vpcflowlogs/')) put('parquet', key, body)
    else {
      const table = await tableOf(vpcFlow, gunzipSync(body).toString())
      put('parquet', key.replace(/\.log\.gz$/, '.log.parquet'), writeTable(table, vpcTypes, { codec: 'GZIP' }))
    }
  }
})
afterAll(() => rmSync(folder, { recursive: true }))

test('ingest and why read it without being told, with the same answer', async () => {
  const answers: string[] = []
  for (const name of ['text', 'parquet']) {
    const to = `duckdb:${at(`${name}.db`)}`
    const { code, stderr } = await runHere(['ingest', at(name), '--to', to])
    expect(code, stderr).toBe(0)
    const span = ['--since', one.since.replace('.000', ''), '--until', one.until.replace('.000', '')]
    const { stdout } = await runHere(['why', one.a, `${one.b}:${one.port}`, '--from', to, ...span, '--json'])
    answers.push(stdout)
  }
  expect(answers[0]).toContain('"cause"')
  // Only the names of the objects differ, and with them the ids of the records.
  const told = (answer: string) => {
    const { cause, certainty, sentence } = JSON.parse(answer)
    return { cause, certainty, sentence }
  }
  expect(told(answers[1]!)).toEqual(told(answers[0]!))
})

test('parse reads a file of Parquet, by its format and without; by another it says what is wrong', async () => {
  const body = writeTable({
    names: ['srcaddr', 'dstaddr', 'interface_id'],
    rows: [['192.0.2.7', '192.0.2.8', 'eni-1']],
  })
  const file = at('a.parquet')
  writeFileSync(file, body)
  for (const more of [[], ['--format', 'vpc-flow']]) {
    const { stdout, stderr, code } = await runHere(['parse', file, ...more])
    expect(code, stderr).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ source: { ip: '192.0.2.7' }, event: { dataset: 'aws.vpcflow' } })
  }
  const { code, stderr } = await runHere(['parse', file, '--format', 'cloudfront'])
  expect(code).toBe(1)
  expect(stderr).toContain('No column of the Parquet file is one of CloudFront standard logs: "srcaddr"')
})

test('parse says of a file of Parquet that is of no format which columns it has, and shows no bytes of it', async () => {
  const file = at('orders.parquet')
  writeFileSync(file, writeTable({ names: ['order', 'customer', 'sum'], rows: [['1', 'me', '5']] }))
  const { code, stderr } = await runHere(['parse', file])
  expect(code).toBe(1)
  expect(stderr.split('\n')[0]).toMatch(
    /^error: The columns of the Parquet file are of none of the \d+ formats: "order", "customer", "sum" \(\S+\) \[FORMAT_UNKNOWN\]$/,
  )
  expect(stderr).not.toContain('PAR1')
})
