import type { VerifyOptions } from '@flowferry/source-s3'
import { cloudTrailClient } from '../aws.ts'
import { type Io, UsageError } from '../io.ts'
import { jsonIn, readIfThere } from '../whole-file.ts'

/** The keys of `--public-keys`: of files that ListPublicKeys answered, or asked for when a digest needs one. */
export async function publicKeysOf(given: readonly string[], io: Io): Promise<VerifyOptions['publicKeys']> {
  if (!given.includes('aws')) return (await Promise.all(given.map(keysIn))).flat()
  if (given.length > 1) throw new UsageError('--public-keys takes aws, or files')
  const { ListPublicKeysCommand } = await import('@aws-sdk/client-cloudtrail')
  return async ({ region, from, to }) => {
    const client = await cloudTrailClient(io, region)
    try {
      const keys = []
      let NextToken: string | undefined
      do {
        const answer = await client.send(
          new ListPublicKeysCommand({ StartTime: from, EndTime: to, ...(NextToken && { NextToken }) }),
        )
        keys.push(...(answer.PublicKeyList ?? []))
        NextToken = answer.NextToken
      } while (NextToken)
      return keys
    } finally {
      client.destroy()
    }
  }
}

interface KeyFile {
  readonly PublicKeyList?: readonly { readonly Fingerprint: string; readonly Value: string }[]
}

async function keysIn(path: string) {
  const text = await readIfThere(path)
  if (text === undefined) throw new UsageError(`--public-keys names a file that is not there: ${path}`)
  const keys = (jsonIn(text) as KeyFile | undefined)?.PublicKeyList
  if (!Array.isArray(keys) || keys.length === 0)
    throw new UsageError(`${path} has no key: it is to be what aws cloudtrail list-public-keys prints`)
  return keys as NonNullable<KeyFile['PublicKeyList']>
}
