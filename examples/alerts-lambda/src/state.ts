import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { type AlertsState, readState } from '@flowferry/answers/alerts'
import { place } from './environment.ts'

export interface Kept {
  readonly state?: AlertsState
  readonly etag?: string
}

/** The state that the evaluation before kept; nothing where there was none. Needs s3:ListBucket, else a first time is a 403. */
export async function load(s3: S3Client): Promise<Kept> {
  try {
    const { Body, ETag } = await s3.send(new GetObjectCommand(place))
    const state = readState(await Body!.transformToString(), `s3://${place.Bucket}/${place.Key}`)
    return { state, ...(ETag !== undefined && { etag: ETag }) }
  } catch (error) {
    if ((error as Error).name === 'NoSuchKey') return {}
    throw error
  }
}

/** Only in place of what was loaded: another evaluation at the same time is an error, of which EventBridge knows. */
export async function keep(s3: S3Client, state: AlertsState, { etag }: Kept): Promise<void> {
  const condition = etag === undefined ? { IfNoneMatch: '*' } : { IfMatch: etag }
  const Body = JSON.stringify(state)
  await s3.send(new PutObjectCommand({ ...place, ...condition, Body, ContentType: 'application/json' }))
}
