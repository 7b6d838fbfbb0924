import { createHash, randomUUID } from 'node:crypto'
import { link, open, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { FlowferryError, type LogDocument, type Sink, type Slice, type SliceOutcome } from '@flowferry/core'

/**
 * A folder with one file a document. The id names the file, so that what is there already is not written again. A file has
 * its name once it is whole and on the disk: else one that a crash cut off would be a duplicate of the next delivery.
 */
export function files(folder: string): Sink<unknown> {
  const pathOf = (id: string) => join(folder, `${createHash('sha256').update(id).digest('hex')}.json`)

  const add = async (path: string, document: LogDocument): Promise<void> => {
    const part = `${path}.${randomUUID()}.part`
    try {
      await writeFile(part, JSON.stringify(document), { flush: true })
      // Unlike a rename it replaces nothing.
      await link(part, path)
    } finally {
      await rm(part, { force: true })
    }
  }

  /** The names, too, are on the disk before anything counts as written or duplicate. */
  const flush = async (): Promise<void> => {
    const directory = await open(folder)
    await directory.sync().finally(() => directory.close())
  }

  const store = async (slice: Slice<unknown>, signal?: AbortSignal): Promise<SliceOutcome> => {
    let written = 0
    let duplicate = 0
    for (let index = 0; index < slice.length && !signal?.aborted; index++) {
      try {
        await add(pathOf(slice.id(index)), slice.document(index))
        written++
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
        duplicate++
      }
    }
    await flush()
    return { written, duplicate, rejected: [], unfinished: slice.length - written - duplicate }
  }

  return {
    write: async (batch, signal) => {
      const slices: SliceOutcome[] = []
      try {
        for (const slice of batch) slices.push(await store(slice, signal))
        return { slices }
      } catch (cause) {
        // The disk is full, or the folder is gone: no other document has more luck, so everything stops here.
        const error = new FlowferryError('TARGET_FAILED', `The folder ${folder} takes no file`, { cause })
        for (const { length } of batch.slice(slices.length))
          slices.push({ written: 0, duplicate: 0, rejected: [], unfinished: length })
        return { slices, error, stop: true }
      }
    },
  }
}
