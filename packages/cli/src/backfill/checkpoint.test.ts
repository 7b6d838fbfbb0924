import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openCheckpoint } from './checkpoint.ts'

const backfill = {
  source: 's3://logs',
  target: 't',
  formats: [],
  accounts: [],
  regions: [],
  include: [],
  exclude: [],
  since: '-7d',
  until: 'now',
  late: '',
}
const span = { from: new Date('2026-11-01T00:00:00Z'), to: new Date('2026-11-02T00:00:00Z') }
const keys = Array.from({ length: 20 }, (_, n) => `key-${String(n).padStart(2, '0')}`)

let folder: string
let path: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'flowferry-'))
  path = join(folder, 'c.json')
})
afterEach(() => rm(folder, { recursive: true }))

describe('openCheckpoint', () => {
  it('goes on behind what is done, and leaves out what was done ahead of it', async () => {
    const first = await openCheckpoint(path, backfill, span)
    for (const key of keys.slice(0, 10)) expect(first.begin(key)).toBe(true)
    for (const n of [1, 0, 2, 5, 7]) first.settle(keys[n]!, n === 7)
    // Told twice, as a message may be.
    first.settle(keys[5]!)
    await first.close(false)
    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({
      through: 'key-02',
      done: ['key-05', 'key-07'],
      objects: 5,
      failed: 1,
      finished: false,
    })
    // The span is what it was when the backfill began, whatever -7d means today.
    const later = { from: new Date('2026-11-05T00:00:00Z'), to: new Date('2026-11-06T00:00:00Z') }
    const second = await openCheckpoint(path, backfill, later)
    expect(second).toMatchObject({ after: 'key-02', objects: 5, failed: 1, finished: false, span })
    // It is killed before it comes to key-07.
    expect(keys.slice(3, 7).filter(second.begin)).toEqual(['key-03', 'key-04', 'key-06'])
    second.settle('key-03')
    second.settle('key-04')
    await second.close(false)
    const third = await openCheckpoint(path, backfill, span)
    expect(third).toMatchObject({ after: 'key-05', objects: 7 })
    const left = keys.slice(6).filter(third.begin)
    expect(left).toEqual(keys.slice(6).filter((key) => key !== 'key-07'))
    for (const key of left) third.settle(key)
    await third.close(true)
    expect(await openCheckpoint(path, backfill, span)).toMatchObject({ after: 'key-19', objects: 20, finished: true })
    expect(await readdir(folder)).toEqual(['c.json'])
  })

  it('is bounded, however many objects there are', async () => {
    const checkpoint = await openCheckpoint(path, backfill, span)
    for (let n = 0; n < 100_000; n++) {
      checkpoint.begin(`key-${String(n).padStart(6, '0')}`)
      if (n >= 100) checkpoint.settle(`key-${String(n - 100).padStart(6, '0')}`)
    }
    await checkpoint.close(false)
    expect((await readFile(path)).length).toBeLessThan(500)
    expect((await openCheckpoint(path, backfill, span)).after).toBe('key-099899')
  })

  it('refuses what is no checkpoint of this backfill', async () => {
    await (await openCheckpoint(path, backfill, span)).close(false)
    await expect(openCheckpoint(path, { ...backfill, regions: ['eu-west-1'] }, span)).rejects.toThrow(
      /another backfill: its regions is \[\], and not \["eu-west-1"\]/,
    )
    await expect(openCheckpoint(folder, backfill, span)).rejects.toThrow(/cannot be read/)
  })

  it('fails the backfill when it cannot be written', async () => {
    const checkpoint = await openCheckpoint(join(folder, 'gone', 'c.json'), backfill, span)
    checkpoint.begin('a')
    checkpoint.settle('a')
    await expect(checkpoint.close(true)).rejects.toThrow(/The checkpoint could not be written: ENOENT/)
  })
})
