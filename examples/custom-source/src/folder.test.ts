import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { ingest } from '@flowferry/core'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { memorySink } from '@flowferry/core/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { folder } from './folder.ts'

const flows = (...ends: number[]) => `srcaddr end\n${ends.map((end) => `10.0.0.1 ${end}`).join('\n')}\n`
let path = ''
beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), 'folder-'))
  await writeFile(join(path, 'a.log'), flows(1_700_000_000, 1_700_000_060))
  await writeFile(join(path, 'b.log.gz'), gzipSync(flows(1_700_000_120)))
})
afterEach(() => rm(path, { recursive: true, force: true }))

describe('folder', () => {
  test('gives each file, compressed or not, and its records the same ids again', async () => {
    const sink = memorySink()
    for (const duplicate of [0, 3]) {
      const report = await ingest({ source: folder(path), parser: vpcFlow, sink })
      expect(report).toMatchObject({ ok: true, objects: 2, counts: { read: 3, written: 3 - duplicate, duplicate } })
    }
  })

  test('an empty file is done, without records', async () => {
    await writeFile(join(path, 'empty.log'), '')
    const { messages } = await ingest({ source: folder(path), parser: vpcFlow, sink: memorySink() })
    expect(messages.find(({ messageId }) => messageId === 'empty.log')).toMatchObject({
      status: 'done',
      objects: [{ counts: { read: 0 } }],
    })
  })

  test('fails the file that is none of the format, and no other', async () => {
    await writeFile(join(path, 'c.log'), 'no flow log\n')
    const { ok, messages } = await ingest({ source: folder(path), parser: vpcFlow, sink: memorySink() })
    expect([ok, messages.map(({ messageId, status }) => [messageId, status])]).toEqual([
      false,
      [
        ['a.log', 'done'],
        ['b.log.gz', 'done'],
        ['c.log', 'failed'],
      ],
    ])
  })

  test('opens a part of a file', async () => {
    for await (const { objects } of folder(path)) {
      const { body, size } = await objects[0]!.open({ last: 5 })
      const chunks: Uint8Array[] = []
      for await (const chunk of body) chunks.push(chunk)
      expect([size, Buffer.concat(chunks).length]).toEqual([5, 5])
    }
  })
})
