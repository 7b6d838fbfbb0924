import { FlowferryError, type ParseContext, type SourceObject } from '@flowferry/core'
import { placeOf } from '@flowferry/core/internal'
import { Invalid } from './faults.ts'

/** Bytes of an object, asked for by their offsets: only what is needed comes, and never more than was asked for. */
export interface Ranges {
  /** The last bytes, up to so many: fewer where the object is shorter. */
  readonly tail: (most: number) => Promise<Buffer>
  /** @throws Invalid where the object ends before `end` */
  readonly read: (start: number, end: number) => Promise<Buffer>
  /** ETag of the bytes that came. */
  readonly etag: () => string | undefined
}

/** @throws FlowferryError OBJECT_SUPERSEDED where a part has another ETag than the one before, and what `open` throws */
export function rangesOf(object: SourceObject, { signal }: ParseContext): Ranges {
  let etag: string | undefined
  /** The whole object, where its end holds it. */
  let whole: Buffer | undefined

  const bytesOf = async (range: Parameters<SourceObject['open']>[0], most: number): Promise<Buffer> => {
    signal?.throwIfAborted()
    const opened = await object.open(range, signal)
    etag ??= opened.etag
    const chunks: Uint8Array[] = []
    let length = 0
    // A body that is not wanted is ended all the same.
    for await (const chunk of opened.body) {
      if (opened.etag !== etag)
        throw new FlowferryError('OBJECT_SUPERSEDED', `The ETag was ${etag} and is ${opened.etag} now`, {
          place: placeOf(object),
        })
      chunks.push(chunk)
      length += chunk.length
      if (length > most)
        throw new FlowferryError('OBJECT_UNREADABLE', 'The source gave more bytes than the range that was asked for', {
          place: placeOf(object),
        })
    }
    return chunks.length === 1 ? Buffer.from(chunks[0]!.buffer, chunks[0]!.byteOffset, length) : Buffer.concat(chunks)
  }

  return {
    etag: () => etag,
    tail: async (most) => {
      const bytes = await bytesOf({ last: most }, most)
      if (bytes.length < most) whole = bytes
      return bytes
    },
    read: async (start, end) => {
      const bytes = whole?.subarray(start, end) ?? (await bytesOf({ start, end: end - 1 }, end - start))
      if (bytes.length === end - start) return bytes
      throw new Invalid(`the file ends before byte ${end}, though its footer tells of more`)
    },
  }
}
