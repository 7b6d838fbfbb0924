import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { ByteRange, OpenObject, SourceMessage, SourceObject } from '@flowferry/core'

/** The files of a folder, each a message of its own: what becomes of one fails no other. */
export async function* folder(path: string): AsyncGenerator<SourceMessage> {
  for (const name of (await readdir(path)).sort()) yield { messageId: name, objects: [fileObject(path, name)] }
}

function fileObject(folder: string, name: string): SourceObject {
  const path = join(folder, name)
  return {
    bucket: folder,
    key: name,
    open: async (range?: ByteRange, signal?: AbortSignal): Promise<OpenObject> => {
      const file = await open(path)
      const { size, mtime } = await file.stat()
      await file.close()
      const start = range ? ('last' in range ? Math.max(0, size - range.last) : range.start) : 0
      const end = range && 'start' in range ? Math.min(range.end ?? size - 1, size - 1) : size - 1
      // It takes no range without a byte, as of an empty file.
      const body = start > end ? Readable.from([]) : createReadStream(path, { start, end, ...(signal && { signal }) })
      // The ETag is part of every document's id: the same bytes have the same, and other bytes another.
      return { etag: await hashOf(path), size: Math.max(0, end - start + 1), lastModified: mtime, body }
    },
  }
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array)
  return hash.digest('hex')
}
