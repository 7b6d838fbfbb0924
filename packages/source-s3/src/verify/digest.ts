import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto'
import { FlowferryError, type ParseContext, readBytes, type SourceObject } from '@flowferry/core'

/** A key as ListPublicKeys answers it. https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_PublicKey.html */
export interface PublicKey {
  readonly Fingerprint?: string | undefined
  /** DER of PKCS #1: bytes, or base64 as the AWS CLI prints it. */
  readonly Value?: Uint8Array | string | undefined
}

/** What a digest's key says. */
export interface DigestName {
  /** The trail of an account and a region, and whether its backfill digests: each such chain is one. */
  readonly chain: string
  readonly trail: string
  /** Region that the trail is of, whose keys sign it. */
  readonly home: string
  readonly end: number
  readonly isBackfill: boolean
}

/** A log file that a digest names. */
export interface NamedFile {
  readonly bucket: string
  readonly key: string
  /** SHA-256 of the content, in hexadecimal digits. */
  readonly hash: string
}

/** Of a digest's log files those with the content that it says, and their bytes, decompressed. */
export interface Content {
  readonly matching: number
  readonly bytes: number
}

/** What a digest says. https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-digest-file-structure.html */
export interface Digest {
  readonly bucket: string
  readonly key: string
  readonly start: number
  readonly end: number
  /** As it stands in the file, and is signed. */
  readonly endText: string
  readonly fingerprint: string
  /** The one before; none where validation was turned on. */
  readonly previous?: { readonly bucket: string; readonly key: string; readonly hash: string }
  /** That of the one before, which is signed too. */
  readonly previousSignature?: string
  readonly files: readonly NamedFile[]
  /** SHA-256 of the whole content, in hexadecimal digits. */
  readonly hash: string
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html */
const mostKeyBytes = 1024

export type SignedParts = Pick<Digest, 'endText' | 'bucket' | 'key' | 'hash' | 'previousSignature'>

/** Bytes of a digest's JSON: one of ten thousand files has 4 MB. */
const mostBytes = 64 * 1024 * 1024

/**
 * `…/123456789012_CloudTrail-Digest_eu-central-1_my-trail_us-east-1_20261122T101500Z.json.gz`: the region of the events,
 * the trail, the trail's own region. Backfill digests, which name files that were left out before, end in `_backfill`.
 */
export function digestName(key: string): DigestName | undefined {
  const match =
    /(?:^|\/)(\d{12}_CloudTrail-Digest_([a-z0-9-]+)_(.+)_([a-z]{2}(?:-[a-z]+)+-\d+))_(\d{8}T\d{4}(?:\d\d)?Z)(_backfill)?\.json\.gz$/.exec(
      key,
    )
  if (!match) return undefined
  const [, stem, , trail, home, stamp, backfill = ''] = match
  const end = timeOfStamp(stamp!)
  if (end === undefined) return undefined
  return { chain: stem! + backfill, trail: trail!, home: home!, end, isBackfill: backfill !== '' }
}

/** `20261122T101500Z`, with seconds or without, in milliseconds since 1970. */
export function timeOfStamp(stamp: string): number | undefined {
  const [, year, month, day, hours, minutes, seconds = '00'] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)?Z$/.exec(stamp) ?? []
  const time = Date.parse(`${year}-${month}-${day}T${hours}:${minutes}:${seconds}Z`)
  return Number.isNaN(time) ? undefined : time
}

/**
 * A digest's content and its signature, where its metadata has one.
 *
 * @returns a text that says what is wrong with its content, where it is no digest
 * @throws FlowferryError as the object does
 */
export async function readDigest(
  object: SourceObject,
  context: ParseContext,
): Promise<{ readonly digest: Digest | string; readonly metadata: Readonly<Record<string, string>> | undefined }> {
  let metadata: Readonly<Record<string, string>> | undefined
  const open: SourceObject['open'] = async (range, signal) => {
    const opened = await object.open(range, signal)
    metadata = opened.metadata
    return opened
  }
  const chunks: Buffer[] = []
  let length = 0
  try {
    for await (const chunk of readBytes({ ...object, open }, context)) {
      length += chunk.length
      if (length > mostBytes) return { digest: `it is above ${mostBytes} bytes`, metadata }
      chunks.push(chunk)
    }
  } catch (error) {
    if (!isDamage(error)) throw error
    return { digest: `it is damaged: ${(error as FlowferryError).code}`, metadata }
  }
  return { digest: digestOf(Buffer.concat(chunks)), metadata }
}

/** Whether an error is of an object's bytes, and not of the way to them. */
export function isDamage(error: unknown): boolean {
  return (
    FlowferryError.isInstance(error) &&
    ['COMPRESSION_CORRUPT', 'COMPRESSION_UNSUPPORTED', 'LIMIT_EXCEEDED'].includes(error.code)
  )
}

function digestOf(content: Buffer): Digest | string {
  let told: Record<string, unknown>
  try {
    told = JSON.parse(content.toString('utf8')) as Record<string, unknown>
  } catch {
    return 'it is no JSON'
  }
  if (typeof told !== 'object' || told === null) return 'it is no JSON object'
  const text = (name: string) => (typeof told[name] === 'string' ? (told[name] as string) : undefined)
  const required = [
    'digestS3Bucket',
    'digestS3Object',
    'digestStartTime',
    'digestEndTime',
    'digestPublicKeyFingerprint',
  ] as const
  const missing = required.find((name) => text(name) === undefined)
  if (missing) return `it has no ${missing}`
  const [start, end] = [Date.parse(text('digestStartTime')!), Date.parse(text('digestEndTime')!)]
  if (Number.isNaN(start) || Number.isNaN(end)) return 'its digestStartTime or digestEndTime is no time'
  const algorithm = text('digestSignatureAlgorithm')
  if (algorithm !== undefined && algorithm !== 'SHA256withRSA') return `it is signed by ${algorithm}, not SHA256withRSA`
  const files = filesOf(told.logFiles)
  if (typeof files === 'string') return files
  const [bucket, key, signature] = [
    text('previousDigestS3Bucket'),
    text('previousDigestS3Object'),
    text('previousDigestSignature'),
  ]
  return {
    bucket: text('digestS3Bucket')!,
    key: text('digestS3Object')!,
    start,
    end,
    endText: text('digestEndTime')!,
    fingerprint: text('digestPublicKeyFingerprint')!,
    ...(bucket !== undefined &&
      key !== undefined && { previous: { bucket, key, hash: (text('previousDigestHashValue') ?? '').toLowerCase() } }),
    ...(signature !== undefined && { previousSignature: signature }),
    files,
    hash: createHash('sha256').update(content).digest('hex'),
  }
}

function filesOf(list: unknown): readonly NamedFile[] | string {
  if (list === undefined || list === null) return []
  if (!Array.isArray(list)) return 'its logFiles are no list'
  const files = new Map<string, NamedFile>()
  for (const one of list as readonly (Record<string, unknown> | null)[]) {
    const { s3Bucket, s3Object, hashValue, hashAlgorithm = 'SHA-256' } = one ?? {}
    if (typeof s3Bucket !== 'string' || typeof s3Object !== 'string' || typeof hashValue !== 'string')
      return 'one of its logFiles has no s3Bucket, s3Object or hashValue'
    if (s3Object === '' || Buffer.byteLength(s3Object) > mostKeyBytes)
      return `one of its logFiles has an s3Object of no or above ${mostKeyBytes} bytes`
    if (hashAlgorithm !== 'SHA-256')
      return `one of its logFiles is hashed by ${JSON.stringify(hashAlgorithm).slice(0, 100)}, not SHA-256`
    const [file, known] = [{ bucket: s3Bucket, key: s3Object, hash: hashValue.toLowerCase() }, files.get(s3Object)]
    if (known && (known.bucket !== file.bucket || known.hash !== file.hash))
      return `its logFiles name ${s3Object} twice, with two hashes or buckets`
    // Said twice it is read once.
    files.set(s3Object, file)
  }
  return [...files.values()]
}

/**
 * Whether a signature, in hexadecimal digits, is of a digest and a key. What is signed: the end time, the digest's place,
 * its hash and the signature of the digest before, a line each; `null` for none.
 * https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-custom-validation.html
 */
export function isSigned(
  { endText, bucket, key, hash, previousSignature = 'null' }: SignedParts,
  signature: string,
  by: KeyObject,
): boolean {
  const signed = [endText, `${bucket}/${key}`, hash, previousSignature].join('\n')
  if (!/^(?:[0-9a-f]{2})+$/i.test(signature)) return false
  return verify('RSA-SHA256', Buffer.from(signed), by, Buffer.from(signature, 'hex'))
}

/** The keys by their fingerprints. Throws for one that is no RSA key: nothing could be told with it. */
export function keysOf(keys: readonly PublicKey[]): Map<string, KeyObject> {
  return new Map(
    keys.map(({ Fingerprint, Value }) => {
      if (typeof Fingerprint !== 'string' || Value === undefined)
        throw new FlowferryError('INVALID_OPTION', '`publicKeys` has a key without Fingerprint or Value')
      const key = typeof Value === 'string' ? Buffer.from(Value, 'base64') : Buffer.from(Value)
      try {
        return [Fingerprint.toLowerCase(), createPublicKey({ key, format: 'der', type: 'pkcs1' })]
      } catch (cause) {
        throw new FlowferryError(
          'INVALID_OPTION',
          `\`publicKeys\` has ${Fingerprint}, which is no RSA key in PKCS #1`,
          {
            cause,
          },
        )
      }
    }),
  )
}
