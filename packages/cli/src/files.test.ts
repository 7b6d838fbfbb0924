import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { listFiles, localFile, standardInput } from './files.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'flowferry-'))
})
afterEach(() => rm(folder, { recursive: true }))

async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

it('is identified by its path and its content', async () => {
  const path = join(folder, 'a.log')
  await writeFile(path, 'one')
  await utimes(path, 1_780_000_000, 1_780_000_000)
  const first = await localFile(path).open()
  expect(first).toMatchObject({ size: 3, lastModified: new Date(1_780_000_000_000) })
  await utimes(path, 1_790_000_000, 1_790_000_000)
  expect((await localFile(path).open()).etag).toBe(first.etag)
  await writeFile(path, 'two')
  expect((await localFile(path).open()).etag).not.toBe(first.etag)
  expect(localFile(path)).toMatchObject({ bucket: '', key: path })
})

it('reads ranges, and nothing of an empty file', async () => {
  const path = join(folder, 'a.log')
  await writeFile(path, '0123456789')
  const file = localFile(path)
  const read = async (range?: Parameters<typeof file.open>[0]) => {
    const { size, body } = await file.open(range)
    return [size, await textOf(body)]
  }
  expect(await read()).toEqual([10, '0123456789'])
  expect(await read({ start: 3 })).toEqual([7, '3456789'])
  expect(await read({ start: 3, end: 5 })).toEqual([3, '345'])
  expect(await read({ start: 8, end: 50 })).toEqual([2, '89'])
  expect(await read({ last: 4 })).toEqual([4, '6789'])
  expect(await read({ last: 40 })).toEqual([10, '0123456789'])
  await writeFile(path, '')
  const empty = await localFile(path).open()
  expect([empty.size, await textOf(empty.body)]).toEqual([0, ''])
})

it('fails when the file grows while it is read', async () => {
  const path = join(folder, 'a.log')
  await writeFile(path, 'one')
  const { body } = await localFile(path).open()
  await writeFile(path, 'one and two')
  await expect(textOf(body)).rejects.toMatchObject({ code: 'OBJECT_SUPERSEDED' })
})

it('fails alone when it is gone', async () => {
  await expect(localFile(join(folder, 'gone.log')).open()).rejects.toMatchObject({ code: 'OBJECT_UNREADABLE' })
})

it('lists a folder at any depth, by name, without hidden files', async () => {
  await mkdir(join(folder, 'b/c'), { recursive: true })
  for (const name of ['z.log', 'a.log', 'b/c/deep.log', '.hidden']) await writeFile(join(folder, name), name)
  expect(await listFiles(folder)).toEqual(
    ['a.log', 'b/c/deep.log', 'z.log'].map((name) => ({ path: join(folder, name), size: name.length })),
  )
  expect(await listFiles(join(folder, 'a.log'))).toHaveLength(1)
  await expect(listFiles(join(folder, 'gone'))).rejects.toThrow('there is no such file or folder')
})

it('reads standard input as it comes', async () => {
  const input = standardInput(
    (async function* () {
      yield Buffer.from('as ')
      yield Buffer.from('it comes')
    })(),
  )
  expect(await textOf((await input.open()).body)).toBe('as it comes')
})
