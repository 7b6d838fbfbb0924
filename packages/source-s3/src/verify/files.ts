import { createHash } from 'node:crypto'
import { FlowferryError, type ParseContext, readBytes, type SourceObject } from '@flowferry/core'
import { type Content, isDamage, type NamedFile } from './digest.ts'
import type { FindingKind } from './findings.ts'
import { inPool } from './pool.ts'
import type { ReportInWork } from './report.ts'

interface FilesOptions {
  readonly object: (key: string) => SourceObject
  readonly context: ParseContext
  /** Files read at the same time. */
  readonly concurrency: number
  /** The bucket that digests are to say; `true`: any. */
  readonly copyOf: string | true
}

/** Reads the log files that a digest names, and tells what is wrong with them; what matches is worth what the digest is. */
export async function checkFiles(
  files: readonly NamedFile[],
  by: string,
  options: FilesOptions,
  { counts, tell }: Pick<ReportInWork, 'counts' | 'tell'>,
): Promise<Content> {
  const content = { matching: 0, bytes: 0 }
  const owners = new Map(files.map(({ hash, key }) => [hash, key]))
  const results = await inPool(files, options.concurrency, (file) => checkFile(file, owners, options))
  for (const [index, { key }] of files.entries()) {
    counts.named++
    const result = results[index]!
    if (typeof result === 'number') {
      content.matching++
      content.bytes += result
    } else tell(result[0], key, `${result[1]}; named by ${by}`)
  }
  return content
}

/**
 * @param owners Files of the same digest by their hashes
 * @returns its bytes, or what is wrong with it
 */
async function checkFile(
  { bucket, key, hash }: NamedFile,
  owners: ReadonlyMap<string, string>,
  { object, context, copyOf }: FilesOptions,
): Promise<number | [FindingKind, string]> {
  if (copyOf !== true && bucket !== copyOf)
    return ['log-unreadable', `it lies in the bucket ${bucket}, which is not looked at`]
  try {
    const content = await contentHash(object(key), context)
    if (content.hash === hash) return content.bytes
    const owner = owners.get(content.hash)
    return owner === undefined
      ? ['log-changed', `its hash is ${content.hash}, and was ${hash}`]
      : ['log-reordered', `it holds the content of ${owner}`]
  } catch (error) {
    if (isDamage(error)) return ['log-changed', `it is damaged: ${(error as FlowferryError).code}`]
    // S3 refuses what can be no key, and a digest that nobody signed may name that.
    const isOwn = isUnreadable(error) || (FlowferryError.isInstance(error) && error.code === 'OBJECT_UNREADABLE')
    if (!isOwn) throw error
    const { code } = error as FlowferryError
    return code === 'OBJECT_NOT_FOUND'
      ? ['log-missing', 'it is not there']
      : ['log-unreadable', readingOf(error as FlowferryError)]
  }
}

async function contentHash(object: SourceObject, context: ParseContext) {
  const hash = createHash('sha256')
  let bytes = 0
  for await (const chunk of readBytes(object, context)) {
    hash.update(chunk)
    bytes += chunk.length
  }
  return { hash: hash.digest('hex'), bytes }
}

/** Errors that are one object's: the others are read on. */
export function isUnreadable(error: unknown): error is FlowferryError {
  return (
    FlowferryError.isInstance(error) && ['OBJECT_NOT_FOUND', 'OBJECT_ARCHIVED', 'OBJECT_FORBIDDEN'].includes(error.code)
  )
}

export function readingOf({ code, message }: FlowferryError): string {
  if (code === 'OBJECT_NOT_FOUND') return 'it is gone since it was listed'
  if (code === 'OBJECT_UNREADABLE') return `it cannot be read: ${message}`
  return `it cannot be read: ${code === 'OBJECT_ARCHIVED' ? 'it is in an archive tier' : 'S3 refused'}`
}
