import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join, resolve, sep } from 'node:path'
import { GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3'
import type { S3 } from '@flowferry/source-s3'
import { statIfThere } from '../files.ts'
import { jsonIn, readIfThere } from '../whole-file.ts'

/** Keys of a page, as of S3's. */
const pageKeys = 1000

/** What stands beside a file and holds its metadata: the output of `aws s3api head-object`. */
const sidecar = '.head.json'

/**
 * A folder that mirrors a bucket, to be listed and read as one: what checks an archive on S3 checks its copy on disk.
 * Keys are paths below the folder, hidden files and sidecars left out; a key that leads out of it is of no object.
 */
export function folderAsBucket(folder: string): S3 {
  const top = resolve(folder)
  const send = async (command: unknown): Promise<unknown> => {
    if (command instanceof ListObjectsV2Command) return list(top, command.input)
    if (command instanceof GetObjectCommand) return get(top, command.input.Key!)
    throw new TypeError('a folder can be listed and read alone')
  }
  return { send } as unknown as S3
}

interface Listed {
  readonly Prefix?: string | undefined
  readonly Delimiter?: string | undefined
  readonly StartAfter?: string | undefined
  readonly ContinuationToken?: string | undefined
}

async function list(top: string, { Prefix = '', Delimiter, StartAfter = '', ContinuationToken }: Listed) {
  const after = ContinuationToken ?? StartAfter
  const Contents: { Key: string; Size: number; LastModified: Date }[] = []
  const folders: { Prefix: string }[] = []
  let last = ''
  for await (const key of keysBelow(top, '', Prefix, Delimiter !== undefined, after)) {
    if (Contents.length + folders.length === pageKeys)
      return { Contents, CommonPrefixes: folders, NextContinuationToken: last }
    if (key.endsWith('/')) folders.push({ Prefix: key })
    else {
      const { size, mtime } = await stat(join(top, key))
      Contents.push({ Key: key, Size: size, LastModified: mtime })
    }
    last = key
  }
  return { Contents, CommonPrefixes: folders }
}

/** In the order of S3, in which a folder's slash counts; folders alone, and not what is in them, where `flat`. */
async function* keysBelow(
  top: string,
  path: string,
  prefix: string,
  flat: boolean,
  after: string,
): AsyncGenerator<string> {
  const entries = await readdir(join(top, path), { withFileTypes: true })
  const names = entries
    .filter(({ name }) => !name.startsWith('.') && !name.endsWith(sidecar))
    .map((entry) => `${path}${entry.name}${entry.isDirectory() ? '/' : ''}`)
    .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  for (const name of names) {
    const isFolder = name.endsWith('/')
    if (isFolder && prefix.startsWith(name) && name.length <= prefix.length)
      yield* keysBelow(top, name, prefix, flat, after)
    else if (!name.startsWith(prefix)) continue
    else if (isFolder && !flat) {
      // Nothing in it comes behind.
      if (name < after && !after.startsWith(name)) continue
      yield* keysBelow(top, name, prefix, flat, after)
    } else if (name > after) yield name
  }
}

async function get(top: string, key: string) {
  const path = resolve(top, key)
  // `a/./b` is another key than `a/b`, and of the same path.
  const { size, mtime } = path === `${top}${sep}${key.replaceAll('/', sep)}` ? await statOf(path) : missing(key)
  const head = await readIfThere(`${path}${sidecar}`)
  const Metadata = head === undefined ? undefined : metadataOf(head, `${path}${sidecar}`)
  return {
    Body: createReadStream(path),
    ETag: `"${size}-${mtime.getTime()}"`,
    ContentLength: size,
    LastModified: mtime,
    ...(Metadata && { Metadata }),
  }
}

async function statOf(path: string) {
  const found = await statIfThere(path)
  return found?.isFile() ? found : missing(path)
}

function missing(key: string): never {
  throw Object.assign(new Error(`there is no file ${key}`), { name: 'NoSuchKey' })
}

function metadataOf(text: string, path: string): Record<string, string> {
  const { Metadata } = (jsonIn(text) ?? {}) as { Metadata?: unknown }
  if (typeof Metadata !== 'object' || Metadata === null)
    throw new Error(`${path} has no Metadata: it is to be what aws s3api head-object prints`)
  return Object.fromEntries(Object.entries(Metadata).map(([name, value]) => [name.toLowerCase(), String(value)]))
}
