import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ingest, type LogDocument } from '@flowferry/core'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { memoryObject, memorySlice, memorySource, sinkContract } from '@flowferry/core/testing'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { files } from './files.ts'

vi.mock('node:fs/promises', async (original) => {
  const fs = await original<typeof import('node:fs/promises')>()
  return { ...fs, writeFile: vi.fn(fs.writeFile) }
})

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'files-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const stored = async () =>
  Promise.all((await readdir(folder)).map(async (name) => JSON.parse(await readFile(join(folder, name), 'utf8'))))

describe('files', () => {
  sinkContract({
    test,
    create: async () => {
      const sink = files(folder)
      return {
        sink,
        read: async (slice) => {
          const found = new Map<string, LogDocument>()
          const all = new Map((await stored()).map((document) => [JSON.stringify(document), document]))
          for (let index = 0; index < slice.length; index++) {
            const document = all.get(JSON.stringify(slice.document(index)))
            if (document) found.set(slice.id(index), document)
          }
          return found
        },
      }
    },
  })

  test('has what a file of flow logs holds, once', async () => {
    const body = 'srcaddr dstaddr end\n10.0.0.1 10.0.0.2 1700000000\n10.0.0.2 10.0.0.1 1700000001\n'
    const object = memoryObject({ key: 'flows.log', body })
    for (const duplicate of [0, 2]) {
      const { counts } = await ingest({ source: memorySource(object), parser: vpcFlow, sink: files(folder) })
      expect(counts).toMatchObject({ read: 2, written: 2 - duplicate, duplicate })
    }
    expect((await stored()).map(({ source }) => source.ip).sort()).toEqual(['10.0.0.1', '10.0.0.2'])
  })

  test('takes no file for stored that was cut off, as where the disk is full', async () => {
    const slice = memorySlice({ records: 2 })
    const { writeFile: whole } = await vi.importActual<typeof import('node:fs/promises')>('node:fs/promises')
    vi.mocked(writeFile).mockImplementationOnce(async (path, text, options) => {
      await whole(path, String(text).slice(0, 9), options)
      throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
    })
    expect(await files(folder).write([slice])).toMatchObject({ slices: [{ written: 0, unfinished: 2 }], stop: true })
    expect(await readdir(folder)).toEqual([])
    expect(await files(folder).write([slice])).toMatchObject({ slices: [{ written: 2, duplicate: 0 }] })
    expect(await stored()).toHaveLength(2)
  })

  test('stops where the folder is gone, and leaves the records unfinished', async () => {
    const slice = memorySlice({ records: 3 })
    const { slices, error, stop } = await files(join(folder, 'gone')).write([slice])
    expect(slices).toEqual([{ written: 0, duplicate: 0, rejected: [], unfinished: 3 }])
    expect([error?.code, stop]).toEqual(['TARGET_FAILED', true])
  })
})
