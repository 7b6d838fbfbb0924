import type { ListObjectsV2CommandInput, ListObjectsV2CommandOutput } from '@aws-sdk/client-s3'
import type { S3 } from '../src/read/object.ts'

export interface FakeObject {
  readonly Key: string
  readonly LastModified?: Date
}

/** ListObjectsV2 over keys in memory, as S3 documents it: order, StartAfter, Delimiter and pages. */
export function fakeS3(keys: Iterable<string | FakeObject>, pageSize = 1000) {
  const all = [...keys]
    .map((key) => (typeof key === 'string' ? { Key: key } : key))
    .sort((a, b) => Buffer.compare(Buffer.from(a.Key), Buffer.from(b.Key)))
  const requests: ListObjectsV2CommandInput[] = []
  const send = async ({
    input,
  }: {
    input: ListObjectsV2CommandInput
  }): Promise<Partial<ListObjectsV2CommandOutput>> => {
    requests.push(input)
    const { Prefix = '', Delimiter, StartAfter, ContinuationToken } = input
    const after = ContinuationToken ?? StartAfter ?? ''
    const Contents: object[] = []
    const folders = new Set<string>()
    let last = ''
    for (const { Key, LastModified = new Date('2026-11-01T00:00:00Z') } of all) {
      if (!Key.startsWith(Prefix) || Key <= after) continue
      const end = Delimiter ? Key.indexOf(Delimiter, Prefix.length) : -1
      const folder = end === -1 ? undefined : Key.slice(0, end + 1)
      if (folder !== undefined && (folders.has(folder) || after.startsWith(folder))) {
        last = Key
        continue
      }
      if (Contents.length + folders.size === pageSize)
        return { ...page(), NextContinuationToken: last, IsTruncated: true }
      if (folder === undefined)
        Contents.push({ Key, Size: Key.endsWith('/') ? 0 : 100, ETag: `"${etagOf(Key)}"`, LastModified })
      else folders.add(folder)
      last = Key
    }
    return page()

    function page() {
      return { Contents: Contents as never[], CommonPrefixes: [...folders].map((Prefix) => ({ Prefix })) }
    }
  }
  return { s3: { send } as unknown as S3, requests }
}

const etagOf = (key: string) => Buffer.from(key).toString('base64url').slice(-16)
