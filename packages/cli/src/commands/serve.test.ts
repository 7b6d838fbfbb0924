import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Question } from '@flowferry/answers'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { run } from '../program.ts'
import { runHere, runWith } from '../test-io.ts'
import { whileAsked } from './serve.ts'

// A machine that does other things as well is slow, not wrong.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const isBuilt = existsSync(new URL('../../../dashboard/dist/page/page.js', import.meta.url))

describe.skipIf(!isBuilt)('flowferry serve (skipped until `pnpm build`)', () => {
  let folder: string
  let from: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'flowferry-serve-'))
    await writeFile(
      join(folder, 'flow.log'),
      'version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status\n2 123456789012 eni-1 10.0.0.5 10.0.0.9 40000 22 6 1 40 1790000000 1790000060 REJECT OK\n',
    )
    from = `duckdb:${join(folder, 'logs.db')}`
    const { code, stderr } = await runHere(['ingest', join(folder, 'flow.log'), '--to', from])
    expect(code, stderr).toBe(0)
  })
  afterAll(() => rm(folder, { recursive: true }))

  test('serves the store until it is stopped, and ends with 0', async () => {
    const stop = new AbortController()
    let served: Promise<unknown> | undefined
    const { code, stdout } = await runWith(
      (io) => {
        const written = io.stdout.write.bind(io.stdout)
        io.stdout.write = (...args: unknown[]) => {
          const [, url] = /alone: (\S+)/.exec(String(args[0])) ?? []
          if (url) served = askIt(url).finally(() => stop.abort())
          return (written as (...all: unknown[]) => boolean)(...args)
        }
        return run(['serve', '--from', from], io)
      },
      { signal: stop.signal },
    )
    expect(code).toBe(0)
    expect(stdout).toMatch(/for this machine alone: http:\/\/127\.0\.0\.1:\d+\/#token=[\w-]{43}\n$/)
    expect(await served).toMatchObject({
      from,
      logs: expect.arrayContaining([expect.objectContaining({ newest: '2026-09-21T14:14:20.000Z' })]),
    })
  })

  async function askIt(url: string): Promise<unknown> {
    const { origin, hash } = new URL(url)
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${hash.slice('#token='.length)}` }
    return (await fetch(`${origin}/api/start`, { method: 'POST', headers, body: '{}' })).json()
  }

  test.each([
    ['an archive', ['--from', 's3://my-logs'], 'serve takes a store'],
    ['a file that is not there', ['--from', 'duckdb:nowhere.db'], 'there is none at "nowhere.db"'],
    ['a port that is none', ['--from', 'elasticsearch', '--port', '70000'], '65535'],
    ['no store', [], '--from duckdb:FILE'],
  ])('refuses %s', async (_, args, words) => {
    const { code, stderr } = await runHere(['serve', ...args])
    expect([code, stderr]).toEqual([2, expect.stringContaining(words)])
  })
})

describe('a store that is open while it is asked', () => {
  const question = { kind: 'groups' } as Question
  function counted(fails = 0) {
    const seen = { opened: 0, closed: 0 }
    const store = whileAsked(async () => {
      seen.opened++
      if (seen.opened <= fails) throw new Error('another process has it')
      return {
        ask: async () => ({ rows: [], approximate: [] }),
        close: async () => {
          seen.closed++
        },
      }
    }, 5)
    return { seen, store }
  }

  test('is opened once for what is asked together, and closed when nobody asks', async () => {
    const { seen, store } = counted()
    await Promise.all([store.ask(question), store.ask(question)])
    expect(seen.opened).toBe(1)
    await vi.waitUntil(() => seen.closed === 1)
    await store.ask(question)
    expect(seen.opened).toBe(2)
    await store.close()
    expect(seen.closed).toBe(2)
  })

  test('is tried again by the next question where it could not be opened', async () => {
    const { seen, store } = counted(1)
    await expect(store.ask(question)).rejects.toThrow('another process')
    expect(await store.ask(question)).toMatchObject({ rows: [] })
    expect(seen.opened).toBe(2)
  })
})
