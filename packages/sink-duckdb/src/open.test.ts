import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { link, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { DuckDBInstance } from '@duckdb/node-api'
import type { Sink } from '@flowferry/core'
import { memorySlice } from '@flowferry/core/testing'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../test/support/temporary-folder.ts'
import { duckdb } from './index.ts'

let folder: string
let file: string
temporaryFolder((made) => {
  folder = made
  file = join(folder, 'logs.db')
})

/** Eighty documents, in writes of ten that go to the sinks in turn and all at once. */
async function fill(...sinks: Sink<unknown>[]): Promise<number> {
  const outcomes = await Promise.all(
    Array.from({ length: 8 }, (_, n) =>
      sinks[n % sinks.length]!.write([memorySlice({ records: 10, key: `file-${n}` })]),
    ),
  )
  return outcomes.reduce((sum, { slices }) => sum + slices[0]!.written, 0)
}
const stored = async (path: string): Promise<unknown> => {
  const sink = await duckdb(path)
  try {
    return (await sink.query('SELECT count(*) AS n FROM flowferry_test'))[0]!.n
  } finally {
    await sink.close()
  }
}

describe('several sinks on one file', () => {
  it('tell of 80 documents as written, and 80 are there', async () => {
    const link = join(folder, 'link.db')
    const first = await duckdb(file)
    await symlink(file, link)
    const [second, third] = await Promise.all([
      duckdb(link),
      duckdb(join(folder, '..', folder.split('/').at(-1)!, 'logs.db')),
    ])
    expect(await fill(first, second, third)).toBe(80)
    await first.close()
    expect((await second.query('SELECT count(*) AS n FROM flowferry_test'))[0]).toEqual({ n: 80 })
    await second.close()
    await third.close()
    expect(await stored(file)).toBe(80)
  })

  it('are as many opened at once, and one that is opened while the last one closes has a database', async () => {
    const sinks = await Promise.all(Array.from({ length: 5 }, () => duckdb(file)))
    expect(await fill(...sinks)).toBe(80)
    const closing = Promise.all(sinks.map((sink) => sink.close()))
    const late = await duckdb(file)
    await closing
    expect((await late.query('SELECT count(*) AS n FROM flowferry_test'))[0]).toEqual({ n: 80 })
    await late.close()
  })

  it('share an instance that the caller opened', async () => {
    const instance = await DuckDBInstance.create(file)
    const [first, second] = [await duckdb(instance), await duckdb(instance)]
    expect(await fill(first, second)).toBe(80)
    await first.close()
    await second.close()
    const again = await duckdb(instance)
    expect((await again.query('SELECT count(*) AS n FROM flowferry_test'))[0]).toEqual({ n: 80 })
    await again.close()
    instance.closeSync()
  })

  it('in memory are databases of their own', async () => {
    const [first, second] = [await duckdb(), await duckdb(':memory:')]
    expect(await fill(first)).toBe(80)
    await expect(second.query('FROM flowferry_test')).rejects.toThrow('does not exist')
    await first.close()
    await second.close()
  })
})

describe('a file that somebody else has open', () => {
  it('is refused to another instance of this process', async () => {
    const instance = await DuckDBInstance.create(file)
    await link(file, join(folder, 'hard.db'))
    for (const path of [file, join(folder, 'hard.db')])
      await expect(duckdb(path)).rejects.toMatchObject({
        code: 'TARGET_IN_USE',
        message: expect.stringMatching(/logs\.db|hard\.db/),
      })
    instance.closeSync()
    await (await duckdb(file)).close()
  })

  /** Opens a second instance as another program would: DuckDB alone, without this package. One that is collected is closed. */
  const other = (path: string) => `
    const { DuckDBInstance } = require(${JSON.stringify(require.resolve('@duckdb/node-api'))})
    const done = (text) => { try { require('node:worker_threads').parentPort.postMessage(text) } catch { console.log(text) } }
    DuckDBInstance.create(${JSON.stringify(path)}).then((instance) => { globalThis.instance = instance; done('open'); setTimeout(() => {}, 60_000) }, ({ message }) => done(message))
  `

  it('is refused where a worker thread has it open, and free once that has ended', async () => {
    const worker = new Worker(other(file), { eval: true })
    expect(await new Promise((resolve) => worker.once('message', resolve))).toBe('open')
    await expect(duckdb(file)).rejects.toMatchObject({
      code: 'TARGET_IN_USE',
      message: expect.stringContaining('worker thread'),
      advice: expect.stringContaining('Share one sink'),
    })
    await worker.terminate()
  })

  it('is refused where another process has it open, with its number', async () => {
    const child = spawn(process.execPath, ['-e', other(file)])
    await once(child.stdout, 'data')
    await expect(duckdb(file)).rejects.toMatchObject({
      code: 'TARGET_IN_USE',
      message: expect.stringContaining(`PID ${child.pid}`),
    })
    child.kill()
    await once(child, 'exit')
    await (await duckdb(file)).close()
  })

  it('is refused to a second process, with the words of DuckDB', async () => {
    const sink = await duckdb(file)
    const { stdout } = spawnSync(process.execPath, ['-e', other(file)], { encoding: 'utf8' })
    expect(stdout).toContain('Could not set lock')
    expect(await fill(sink)).toBe(80)
    await sink.close()
  })
})
