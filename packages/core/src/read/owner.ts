import { createHash } from 'node:crypto'

/**
 * Who may have written an object, for the ids that its records bring: the account directory of AWS's layouts, since a
 * bucket policy lets each account write below its own; without one, the bucket. So no writer elsewhere can take the id of
 * a genuine record. A local file has no owner.
 *
 * The first `AWSLogs` of the key counts: whoever may write below one account's directory can name any below it.
 */
export function ownerOf({ bucket, key }: { readonly bucket: string; readonly key: string }): string {
  const account = /^(?:(?!AWSLogs\/)[^/]*\/)*AWSLogs\/(?:o-[a-z0-9]{10,32}\/)?(?:aws-account-id=)?(\d{12})\//.exec(
    key,
  )?.[1]
  if (account !== undefined) return `${account}:`
  if (bucket === '') return ''
  // It stands in a JSON string as it is, and in the address of a document. No bucket is taken for an account.
  const name = /^[\w.-]{1,200}$/.test(bucket) ? bucket : createHash('sha256').update(bucket).digest('base64url')
  return `s3:${name}:`
}
