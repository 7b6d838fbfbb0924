import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { Readable } from 'node:stream'
import { gunzipSync, gzipSync } from 'node:zlib'
import type { GetObjectCommandInput, ListObjectsV2CommandInput } from '@aws-sdk/client-s3'
import type { S3 } from '../src/read/object.ts'
import type { PublicKey } from '../src/verify/digest.ts'
import { fakeS3 } from './fake-s3.ts'

interface Stored {
  body: Buffer
  metadata: Record<string, string> | undefined
}
/** The objects of a bucket by their keys, for a test to tamper with. */
export type Objects = Map<string, Stored>

/** A key pair as CloudTrail has one for each region, and its public part as ListPublicKeys answers it. */
export function keyPair(): {
  readonly privateKey: KeyObject
  readonly publicKey: Required<PublicKey> & { readonly Fingerprint: string }
} {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const der = publicKey.export({ format: 'der', type: 'pkcs1' })
  const Fingerprint = createHash('md5').update(der).digest('hex')
  return { privateKey, publicKey: { Fingerprint, Value: der.toString('base64') } }
}

const compact = (time: number, seconds = true) =>
  new Date(time)
    .toISOString()
    .replace(/[-:]|\.\d{3}/g, '')
    .replace(seconds ? '' : /\d\dZ$/, seconds ? '' : 'Z')
const folders = (time: number) => new Date(time).toISOString().slice(0, 10).replaceAll('-', '/')
export const sha256 = (content: Uint8Array) => createHash('sha256').update(content).digest('hex')

export interface TrailOptions {
  readonly bucket?: string
  /** Above `AWSLogs`, and what of it stands below: `AWSLogs/o-1/`. */
  readonly above?: string
  readonly account?: string
  readonly region?: string
  readonly trail?: string
  /** Time of the first digest's beginning. */
  readonly start: number
  readonly hours: number
  readonly filesAnHour?: number
  readonly pair: ReturnType<typeof keyPair>
  /** The first digest's one before. */
  readonly previous?: Record<string, unknown>
  /** What is changed of a digest before it is signed. */
  readonly change?: (digest: Record<string, unknown>, hour: number) => void
}

/** An archive as CloudTrail writes one with validation: log files, and a digest for each hour, signed. */
export function writeTrail(objects: Objects, options: TrailOptions) {
  const { bucket = 'trails', above = 'AWSLogs/', account = '123456789012', region = 'eu-central-1' } = options
  const { trail = 'main', start, hours, filesAnHour = 2, pair, change } = options
  const logs: string[][] = []
  const digests: string[] = []
  let before: Record<string, unknown> = options.previous ?? {}
  for (let hour = 0; hour < hours; hour++) {
    const [from, to] = [start + hour * 3_600_000, start + (hour + 1) * 3_600_000]
    const files = Array.from({ length: filesAnHour }, (_, n) => {
      const time = from + Math.floor((n * 3_000_000) / filesAnHour)
      const key = `${above}${account}/CloudTrail/${region}/${folders(time)}/${account}_CloudTrail_${region}_${compact(time, false)}_${trail}${String(n).padStart(12, '0')}.json.gz`
      const content = Buffer.from(JSON.stringify({ Records: [{ eventID: `${trail}-${region}-${hour}-${n}` }] }))
      objects.set(key, { body: gzipSync(content), metadata: {} })
      return { s3Bucket: bucket, s3Object: key, hashValue: sha256(content), hashAlgorithm: 'SHA-256' }
    })
    logs.push(files.map(({ s3Object }) => s3Object))
    const key = `${above}${account}/CloudTrail-Digest/${region}/${folders(to)}/${account}_CloudTrail-Digest_${region}_${trail}_us-east-1_${compact(to)}.json.gz`
    const digest: Record<string, unknown> = {
      awsAccountId: account,
      digestStartTime: new Date(from).toISOString().replace('.000', ''),
      digestEndTime: new Date(to).toISOString().replace('.000', ''),
      digestS3Bucket: bucket,
      digestS3Object: key,
      digestPublicKeyFingerprint: pair.publicKey.Fingerprint,
      digestSignatureAlgorithm: 'SHA256withRSA',
      previousDigestS3Bucket: null,
      previousDigestS3Object: null,
      previousDigestHashValue: null,
      previousDigestHashAlgorithm: null,
      previousDigestSignature: null,
      ...before,
      logFiles: files,
    }
    change?.(digest, hour)
    before = putDigest(objects, key, digest, pair.privateKey)
    digests.push(key)
  }
  return { logs, digests, last: before }
}

/** Signs a digest and stores it under a key; gives what the next digest says of it. */
export function putDigest(
  objects: Objects,
  key: string,
  digest: Record<string, unknown>,
  by: KeyObject,
  more: Record<string, string> = {},
): Record<string, unknown> {
  const content = Buffer.from(JSON.stringify(digest))
  const { digestEndTime, digestS3Bucket, digestS3Object, previousDigestSignature } = digest
  const signed = `${digestEndTime}\n${digestS3Bucket}/${digestS3Object}\n${sha256(content)}\n${previousDigestSignature ?? 'null'}`
  const signature = sign('sha256', Buffer.from(signed), by).toString('hex')
  objects.set(key, {
    body: gzipSync(content),
    metadata: { signature, 'signature-algorithm': 'SHA256withRSA', ...more },
  })
  return {
    previousDigestS3Bucket: digestS3Bucket,
    previousDigestS3Object: key,
    previousDigestHashValue: sha256(content),
    previousDigestHashAlgorithm: 'SHA-256',
    previousDigestSignature: signature,
  }
}

export const digestAt = (objects: Objects, key: string): Record<string, unknown> =>
  JSON.parse(gunzipSync(objects.get(key)!.body).toString())

/** A client of the objects, as they are when it is asked. `gets` are the keys that were read. */
export function memoryS3(objects: Objects): { readonly s3: S3; readonly gets: string[] } {
  const gets: string[] = []
  const send = async (command: { readonly input: ListObjectsV2CommandInput & GetObjectCommandInput }) => {
    const { Key } = command.input
    if (Key === undefined) return fakeS3(objects.keys()).s3.send(command as never)
    gets.push(Key)
    const stored = objects.get(Key)
    if (!stored) throw Object.assign(new Error('The specified key does not exist.'), { name: 'NoSuchKey' })
    const { body, metadata } = stored
    return {
      Body: Readable.from([body]),
      ETag: `"${sha256(body).slice(0, 32)}"`,
      ContentLength: body.length,
      ...(metadata && { Metadata: metadata }),
    }
  }
  return { s3: { send } as unknown as S3, gets }
}
