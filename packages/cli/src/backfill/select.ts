import type { ArchiveObject } from '@flowferry/source-s3'

/** Those of a listing whose keys are meant. */
export async function* meant(
  objects: AsyncIterable<ArchiveObject>,
  isMeant: (key: string) => boolean,
): AsyncGenerator<ArchiveObject> {
  for await (const object of objects) if (isMeant(object.key)) yield object
}

/**
 * The first `limit` of those that `begin` says are to be done.
 *
 * @param onLimit Called where more would have come
 */
export async function* firstOf(
  objects: AsyncIterable<ArchiveObject>,
  limit = Number.POSITIVE_INFINITY,
  { begin = () => true, onLimit }: { begin?: (object: ArchiveObject) => boolean; onLimit?: () => void } = {},
): AsyncGenerator<ArchiveObject> {
  let taken = 0
  for await (const object of objects) {
    if (taken === limit) {
      onLimit?.()
      return
    }
    if (!begin(object)) continue
    taken++
    yield object
  }
}
