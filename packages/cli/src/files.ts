import { createHash } from 'node:crypto'
import { createReadStream, type Stats } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type ByteRange, FlowferryError, type OpenObject, type SourceObject } from '@flowferry/core'
import { UsageError } from './io.ts'

/** Bytes a read: a few system calls a megabyte. */
const chunkBytes = 256 * 1024

export interface FileOptions {
  readonly size?: number
  /**
   * What names the file's content in ids. Default: a hash of all of it, read once before the records are, so that the
   * same file gives the same ids on every machine and on every day.
   */
  readonly etag?: string
}

/**
 * A local log file. Its identity is its path as given and a hash of its content; the time of records that have none is
 * that of the file's last change. A file that is written to while it is read fails, as an overwritten object does.
 */
export function localFile(path: string, { size, etag }: FileOptions = {}): SourceObject {
  let known = etag
  const open = async (range?: ByteRange, signal?: AbortSignal): Promise<OpenObject> => {
    try {
      const before = await stat(path)
      if (before.isDirectory()) throw new Error('it is a folder')
      known ??= await contentHash(path, signal)
      const first = !range ? 0 : 'last' in range ? Math.max(0, before.size - range.last) : range.start
      const last = range && 'start' in range ? Math.min(range.end ?? before.size - 1, before.size - 1) : before.size - 1
      // A pipe or device states no size.
      const sized = before.isFile() && { size: Math.max(0, last - first + 1) }
      return { etag: known, ...sized, lastModified: before.mtime, body: read(before) }

      async function* read({ size, mtimeMs }: { size: number; mtimeMs: number }): AsyncGenerator<Uint8Array> {
        if (before.isFile() && last < first) return
        const end = before.isFile() ? { start: first, end: last } : {}
        yield* createReadStream(path, { ...end, highWaterMark: chunkBytes, ...(signal && { signal }) })
        const after = await stat(path)
        if (after.size !== size || after.mtimeMs !== mtimeMs)
          throw new FlowferryError('OBJECT_SUPERSEDED', 'The file changed while it was read', { place: { key: path } })
      }
    } catch (error) {
      throw asFileError(error, path)
    }
  }
  return { bucket: '', key: path, ...(size !== undefined && { size }), open }
}

/**
 * What comes on standard input, readable once. It cannot be hashed before it is read, so records of its own identity
 * apart, its ids hold for this run only: `parse` prints documents without ids, and `ingest` does not take it.
 */
export function standardInput(stdin: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): SourceObject {
  async function* chunks() {
    yield* stdin
  }
  return {
    bucket: '',
    key: '-',
    open: async (range) => {
      if (range)
        throw new FlowferryError('OBJECT_UNREADABLE', 'Standard input is read from its beginning on; name the file', {
          place: { key: '-' },
        })
      return { etag: 'stdin', lastModified: new Date(), body: chunks() }
    },
  }
}

/** The files below a folder, at any depth, by name; hidden ones are left out. A file is itself. */
export async function listFiles(path: string): Promise<{ path: string; size: number }[]> {
  const top = await found(path)
  if (!top.isDirectory()) return [{ path, size: top.size }]
  const files: { path: string; size: number }[] = []
  const entries = (await readdir(path, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1))
  for (const entry of entries) {
    if (entry.name.startsWith('.')) continue
    const below = join(path, entry.name)
    if (entry.isDirectory()) files.push(...(await listFiles(below)))
    else if (entry.isFile() || entry.isSymbolicLink()) files.push({ path: below, size: (await stat(below)).size })
  }
  return files
}

/** Codes of paths at which nothing can be; the last is of one with a NUL. */
const nothingThere: ReadonlySet<string | undefined> = new Set([
  'ENOENT',
  'ENOTDIR',
  'ENAMETOOLONG',
  'ERR_INVALID_ARG_VALUE',
])

/** What is at a path; undefined where nothing is, or can be. */
export async function statIfThere(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path)
  } catch (error) {
    if (nothingThere.has((error as NodeJS.ErrnoException).code)) return undefined
    throw error
  }
}

/**
 * What is at a path that the user named.
 *
 * @throws UsageError where nothing is: a name that is mistyped
 */
export async function found(path: string): Promise<Stats> {
  try {
    return await stat(path)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (nothingThere.has(code)) throw new UsageError(`${path}: there is no such file or folder`)
    throw new Error(`${path}: ${message}`)
  }
}

async function contentHash(path: string, signal: AbortSignal | undefined): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path, { highWaterMark: chunkBytes, ...(signal && { signal }) }))
    hash.update(chunk)
  return hash.digest('base64url')
}

function asFileError(error: unknown, path: string): FlowferryError {
  if (FlowferryError.isInstance(error)) return error
  const { message } = error as Error
  return new FlowferryError('OBJECT_UNREADABLE', `The file cannot be read: ${message}`, {
    place: { key: path },
    cause: error,
  })
}
