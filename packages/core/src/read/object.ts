import { createHash } from 'node:crypto'
import { asFlowferryError, type ErrorPlace, FlowferryError } from '../errors.ts'
import type { ByteRange, ObjectIdentity, OpenObject, SourceObject } from '../types.ts'
import { close, unlessAborted } from './abort.ts'

/** Bucket, key and version: the part of an error's place that every object has. */
export function placeOf(object: { bucket: string; key: string; versionId?: string }): ErrorPlace {
  return {
    bucket: object.bucket,
    key: object.key,
    ...(object.versionId !== undefined && { versionId: object.versionId }),
  }
}

/**
 * 128 bits over bucket, key and ETag, in 22 characters: the same for a redelivery, a redrive and a listing of the object.
 * The version id is no part of it, since a listing does not know it.
 */
export function idPrefix(bucket: string, key: string, etag: string): string {
  return createHash('sha256').update(`${bucket}\0${key}\0${etag}`).digest().subarray(0, 16).toString('base64url')
}

/** An object that tells its identity once it was opened, and how many stored bytes came. */
export interface TrackedObject extends SourceObject {
  /** @throws FlowferryError OBJECT_UNREADABLE before the object was opened */
  readonly identity: () => ObjectIdentity
  /** ETag of the bytes that were opened; undefined before. */
  readonly openedEtag: () => string | undefined
  readonly storedBytes: () => number
}

/**
 * Watches an object's `open`: all parts have one ETag, and each body has the length that was stated. Errors of the source
 * get the object's place.
 */
export function track(object: SourceObject): TrackedObject {
  const place = placeOf(object)
  let identity: ObjectIdentity | undefined
  let stored = 0

  const open = async (range?: ByteRange, signal?: AbortSignal): Promise<OpenObject> => {
    signal?.throwIfAborted()
    const opening = (async () => object.open(range, signal))()
    let opened: OpenObject
    try {
      opened = await unlessAborted(() => opening, signal)
    } catch (error) {
      opening.then(discard).catch(() => undefined)
      throw asFlowferryError(error, 'OBJECT_UNREADABLE', 'The object could not be opened', place)
    }
    const etag = opened.etag.replace(/^"|"$/g, '')
    if (identity && identity.etag !== etag)
      throw new FlowferryError('OBJECT_SUPERSEDED', `The ETag was ${identity.etag} and is ${etag} now`, { place })
    identity ??= {
      bucket: object.bucket,
      key: object.key,
      ...(object.versionId !== undefined && { versionId: object.versionId }),
      etag,
      ...(opened.lastModified && { lastModified: opened.lastModified }),
      idPrefix: idPrefix(object.bucket, object.key, etag),
    }
    return { ...opened, etag, body: measured(opened, signal) }
  }

  async function* measured({ body, size }: OpenObject, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
    const chunks = body[Symbol.asyncIterator]()
    let received = 0
    try {
      const nextChunk = () => unlessAborted(() => chunks.next(), signal)
      for (let next = await nextChunk(); !next.done; next = await nextChunk()) {
        received += next.value.length
        stored += next.value.length
        yield next.value
      }
    } catch (error) {
      throw asFlowferryError(error, 'OBJECT_UNREADABLE', `Reading failed after ${received} bytes`, place)
    } finally {
      close(chunks)
    }
    if (size !== undefined && received !== size)
      throw new FlowferryError('BODY_LENGTH', `${received} bytes came, ${size} were promised`, { place })
  }

  return {
    ...object,
    open,
    storedBytes: () => stored,
    openedEtag: () => identity?.etag,
    identity: () => {
      if (!identity)
        throw new FlowferryError('OBJECT_UNREADABLE', 'The parser gave records without opening the object', { place })
      return identity
    },
  }
}

/** Closes a body that came after an abort. A generator runs its `finally` only once it has begun, so it is begun. */
function discard({ body }: OpenObject): void {
  const chunks = body[Symbol.asyncIterator]()
  chunks.next().catch(() => undefined)
  close(chunks)
}
