import { DuckDBInstance } from '@duckdb/node-api'
import { expect, test } from 'vitest'
import { isDefaultId, keyColumns, keyOf, keyOfIdColumn, ordinalOfOwnId } from './key.ts'

const prefix = 'mmKv6c0BwHe9xD30lPLNwg'
const ids = [
  ...[0, 1, 35, 36, 1_000_000, 2 ** 31, Number.MAX_SAFE_INTEGER].map((ordinal) => prefix + ordinal.toString(36)),
  ...[`${prefix}01`, `${prefix}zzzzzzzzzzz`, `${prefix}1A`, prefix, `${prefix.slice(0, -1)}x1`, 'it\'s "own"', ''],
  ...['111122223333:0a1b2c3d-1111-2222-3333-444455556666', 'ö'.repeat(200), '507f1f77bcf86cd799439011'],
]

test('an id is told from its key, in JavaScript as in SQL', async () => {
  const instance = await DuckDBInstance.create()
  const connection = await instance.connect()
  await connection.run('CREATE TABLE before (_id VARCHAR)')
  for (const id of ids) await connection.run('INSERT INTO before VALUES ($1)', [id])
  await connection.run(`CREATE TABLE after (${keyColumns.join(', ')})`)
  await connection.run(`INSERT INTO after BY NAME SELECT ${keyOfIdColumn} FROM before`)
  const reader = await connection.runAndReadAll('SELECT _id, _object, _ordinal FROM after')
  const rows = reader.getRows() as [string, string, bigint][]
  expect(rows.map(([id]) => id).sort()).toEqual([...ids].sort())
  for (const [id, object, ordinal] of rows) expect(keyOf(id), id).toEqual({ object, ordinal: Number(ordinal) })
  connection.closeSync()
  instance.closeSync()
})

test('the digits of an ordinal are those that are written, and no others', () => {
  for (const [index, id] of ids.entries()) {
    const { ordinal } = keyOf(id)
    expect(ordinal === ordinalOfOwnId, id).toBe(index >= 7)
    const bytes = Buffer.from(`xx${id}xx`)
    expect(isDefaultId(bytes, 2, bytes.length - 2), id).toBe(index < 7)
  }
})
