import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { FlowferryError, type Sink, type Slice, type SliceOutcome } from '@flowferry/core'

/** A folder with one file a document. The id names the file, so that what is there already is not written again. */
export function files(folder: string): Sink<unknown> {
  const pathOf = (id: string) => join(folder, `${createHash('sha256').update(id).digest('hex')}.json`)

  const store = async (slice: Slice<unknown>, signal?: AbortSignal): Promise<SliceOutcome> => {
    let written = 0
    let duplicate = 0
    for (let index = 0; index < slice.length && !signal?.aborted; index++) {
      try {
        await writeFile(pathOf(slice.id(index)), JSON.stringify(slice.document(index)), { flag: 'wx' })
        written++
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
        duplicate++
      }
    }
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
