import type { CloudTrailClient } from '@aws-sdk/client-cloudtrail'
import type { EC2Client } from '@aws-sdk/client-ec2'
import type { EventBridgeClient } from '@aws-sdk/client-eventbridge'
import type { S3Client } from '@aws-sdk/client-s3'
import type { SQSClient } from '@aws-sdk/client-sqs'
import { type Io, note, UsageError } from './io.ts'
import { bounded } from './within.ts'

/** Bucket and key, or prefix, of an `s3://` address; undefined for anything else. */
export function s3Address(text: string): { bucket: string; key: string } | undefined {
  const match = /^s3:\/\/([^/]+)(?:\/(.*))?$/s.exec(text)
  return match ? { bucket: match[1]!, key: match[2] ?? '' } : undefined
}

/**
 * The same, where it has to be one.
 *
 * @param what What the error begins with: `An archive is`
 * @throws UsageError
 */
export function requireS3Address(text: string, what: string): { bucket: string; key: string } {
  const address = s3Address(text)
  if (!address) throw new UsageError(`${what} s3://bucket or s3://bucket/prefix, not "${text}"`)
  return address
}

/** Made from the environment, as the AWS CLI does it: AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL, … */
export async function s3Client(io: Io): Promise<S3Client> {
  warnOnce(io)
  const { S3Client } = await import('@aws-sdk/client-s3')
  const custom = io.env.AWS_ENDPOINT_URL ?? io.env.AWS_ENDPOINT_URL_S3
  // Servers other than S3 mostly know no bucket as a host name. Buckets of other regions answer with a redirect.
  return new S3Client({ followRegionRedirects: true, ...(custom && { forcePathStyle: true }) })
}

/**
 * The region of a bucket, which S3 tells whether it refuses or not; undefined of a store that does not.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html
 */
export async function toldRegion(s3: S3Client, bucket: string): Promise<string | undefined> {
  const { HeadBucketCommand } = await import('@aws-sdk/client-s3')
  // For a connection that died in silence.
  const limit = { abortSignal: AbortSignal.timeout(30_000) }
  return s3.send(new HeadBucketCommand({ Bucket: bucket }), limit).then(
    ({ BucketRegion }) => BucketRegion,
    (error: { $response?: { headers?: Record<string, string> } }) => error.$response?.headers?.['x-amz-bucket-region'],
  )
}

/** The same; else the client's own, and a note. */
export async function bucketRegion(io: Io, s3: S3Client, bucket: string): Promise<string> {
  const told = await toldRegion(s3, bucket)
  if (told) return told
  const own = await s3.config.region()
  note(io, `note: S3 did not tell the region of ${bucket}; its events say ${own}, the client's own`)
  return own
}

/** A client for the region that a queue's URL names, unless the environment names one. */
export async function sqsClient(io: Io, queueUrl: string): Promise<SQSClient> {
  warnOnce(io)
  const { SQSClient } = await import('@aws-sdk/client-sqs')
  const region = /^https:\/\/sqs\.([a-z0-9-]+)\./.exec(queueUrl)?.[1]
  // An emulator's queue URLs may name a host that only it can resolve.
  const custom = io.env.AWS_ENDPOINT_URL ?? io.env.AWS_ENDPOINT_URL_SQS
  return new SQSClient({
    ...(region && !io.env.AWS_REGION && { region }),
    ...(custom && { useQueueUrlAsEndpoint: false }),
  })
}

/** A client for a region, or for that of the environment. */
export async function ec2Client(io: Io, region?: string): Promise<EC2Client> {
  warnOnce(io)
  const { EC2Client } = await import('@aws-sdk/client-ec2')
  return new EC2Client({ ...(region !== undefined && { region }) })
}

/** A client for the region of a queue, which is that of the rules that tell it. */
export async function eventBridgeClient(io: Io, region: string): Promise<EventBridgeClient> {
  warnOnce(io)
  const { EventBridgeClient } = await import('@aws-sdk/client-eventbridge')
  return new EventBridgeClient({ region })
}

/** A client for the region of a trail, whose keys are that region's. */
export async function cloudTrailClient(io: Io, region: string): Promise<CloudTrailClient> {
  warnOnce(io)
  const { CloudTrailClient } = await import('@aws-sdk/client-cloudtrail')
  return new CloudTrailClient({ region })
}

/**
 * Whose the credentials are: no permission is needed to ask for it. It ends with the user's signal, and after 10 s.
 * https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
 */
export async function callerIdentity(
  io: Io,
  region?: string,
): Promise<{ readonly account: string; readonly arn: string }> {
  warnOnce(io)
  const { GetCallerIdentityCommand, STSClient } = await import('@aws-sdk/client-sts')
  const sts = bounded(new STSClient({ ...(region !== undefined && { region }) }), 'STS', io.signal)
  try {
    const { Account = 'unknown', Arn = 'unknown' } = await sts.send(new GetCallerIdentityCommand({}))
    return { account: Account, arn: Arn }
  } finally {
    sts.destroy()
  }
}

let warned = false

/** One line instead of the SDK's eight, once. */
export function warnOnce(io: Io, nodeVersion = process.versions.node): void {
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true'
  if (warned || Number.parseInt(nodeVersion, 10) >= 22) return
  warned = true
  note(io, `note: Node ${nodeVersion} is at its end, and the AWS SDK leaves it in January 2027; use Node 24`)
}
