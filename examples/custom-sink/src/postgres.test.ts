import { ingest, type LogDocument } from '@flowferry/core'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { memoryObject, memorySlice, memorySource, sinkContract } from '@flowferry/core/testing'
import { Pool } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startPostgres } from '../test/pglite.ts'
import { postgres, setup } from './postgres.ts'

let server: Awaited<ReturnType<typeof startPostgres>>
let pool: Pool
let tables = 0

beforeAll(async () => {
  server = await startPostgres()
  pool = new Pool({ host: '127.0.0.1', port: server.port, user: 'postgres', database: 'postgres' })
  // Its start is compiling: seconds, and more beside other work.
}, 60_000)
afterAll(async () => {
  await pool?.end()
  await server?.close()
})

const emptyTable = async () => {
  const table = `Logs "${tables++}"`
  await setup({ pool, table })
  return table
}
const rowsOf = async (table: string) =>
  (await pool.query<{ id: string; document: LogDocument }>(`SELECT * FROM "${table.replaceAll('"', '""')}"`)).rows

describe('postgres', () => {
  sinkContract({
    test,
    create: async () => {
      const table = await emptyTable()
      return {
        sink: postgres({ pool, table }),
        read: async () => new Map((await rowsOf(table)).map(({ id, document }) => [id, document])),
      }
    },
    // jsonb takes no NUL.
    refused: (document) => ({ ...document, message: 'a\u0000b' }),
  })

  test('has what a file of flow logs holds, once, under its time and as JSON', async () => {
    const table = await emptyTable()
    const body = 'srcaddr dstaddr end\n192.0.2.1 192.0.2.2 1700000000\n192.0.2.2 192.0.2.1 1700000001\n'
    const object = memoryObject({ key: 'flows.log', body })
    for (const duplicate of [0, 2]) {
      const sink = postgres({ pool, table })
      const { ok, counts } = await ingest({ source: memorySource(object), parser: vpcFlow, sink })
      expect([ok, counts]).toMatchObject([true, { read: 2, written: 2 - duplicate, duplicate }])
    }
    const { rows } = await pool.query(
      `SELECT time, data_stream, document->'source'->>'ip' AS ip FROM "Logs ""${tables - 1}""" ORDER BY time`,
    )
    expect(rows).toEqual([
      { time: new Date(1_700_000_000_000), data_stream: 'logs-aws.vpcflow-default', ip: '192.0.2.1' },
      { time: new Date(1_700_000_001_000), data_stream: 'logs-aws.vpcflow-default', ip: '192.0.2.2' },
    ])
  })

  test('finds the refused ones among many, in the slices that they are of', async () => {
    const table = await emptyTable()
    const [first, second] = [memorySlice({ records: 40, key: 'a' }), memorySlice({ records: 30, key: 'b' })]
    const lone = (index: number) => ({ ...second.document(index), ...(index % 13 === 0 && { message: '\ud800' }) })
    const { slices, ...rest } = await postgres({ pool, table }).write([first, { ...second, document: lone }])
    expect(rest).toEqual({})
    expect(slices).toMatchObject([
      { written: 40, rejected: [], unfinished: 0 },
      { written: 27, unfinished: 0 },
    ])
    const { rejected } = slices[1]!
    expect(rejected.map(({ index }) => index).sort((a, b) => a - b)).toEqual([0, 13, 26])
    for (const { type, reason } of rejected) expect([type, reason]).toEqual(['22P02', expect.stringMatching(/json/)])
    expect(await rowsOf(table)).toHaveLength(67)
  })

  test('without its table stops, and no document is refused', async () => {
    const { slices, error, stop } = await postgres({ pool, table: 'nowhere' }).write([memorySlice({ records: 3 })])
    expect(slices).toEqual([{ written: 0, duplicate: 0, rejected: [], unfinished: 3 }])
    expect([error?.code, stop]).toEqual(['TARGET_NOT_FOUND', true])
  })

  test('asks again after a lost connection, also where the first answer was lost alone', async () => {
    const table = await emptyTable()
    const lost = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })
    let asked = 0
    const query = async (...statement: Parameters<Pool['query']>) => {
      const answer = asked === 0 ? undefined : await pool.query(...statement)
      if (asked++ < 2) throw lost
      return answer
    }
    const faulty = { query } as unknown as Pick<Pool, 'query'>
    expect(await postgres({ pool: faulty, table }).write([memorySlice({ records: 3 })])).toEqual({
      slices: [{ written: 0, duplicate: 3, rejected: [], unfinished: 0 }],
    })
    expect([asked, (await rowsOf(table)).length]).toEqual([3, 3])
  })

  test('stops where no connection is to be had, after three tries', async () => {
    let asked = 0
    const query = () => {
      asked++
      return Promise.reject(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }))
    }
    const { slices, error, stop } = await postgres({ pool: { query } as never }).write([memorySlice({ records: 2 })])
    expect([asked, slices[0]!.unfinished, error?.code, stop]).toEqual([3, 2, 'TARGET_UNREACHABLE', true])
  })

  test('returns when it is aborted, though the statement has no answer', async () => {
    const stop = new AbortController()
    const query = () => {
      stop.abort()
      return new Promise(() => {})
    }
    const { slices } = await postgres({ pool: { query } as never }).write([memorySlice({ records: 2 })], stop.signal)
    expect(slices).toEqual([{ written: 0, duplicate: 0, rejected: [], unfinished: 2 }])
  })
})
