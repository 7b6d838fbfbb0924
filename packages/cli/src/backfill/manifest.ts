import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { S3Client } from '@aws-sdk/client-s3'

/** Bytes of a part: at most 10,000 parts make a manifest of 80 GB. */
const partBytes = 8 * 1024 * 1024

/** Writes a file, which is there only when it is whole. */
export async function writeManifestFile(path: string, pieces: AsyncIterable<string>): Promise<void> {
  const next = `${path}.next`
  try {
    await pipeline(Readable.from(pieces, { objectMode: true }), createWriteStream(next))
    await rename(next, path)
  } catch (error) {
    await rm(next, { force: true })
    throw error
  }
}

/** Uploads it in parts as it comes, and gives its ETag, which a job names. */
export async function uploadManifest(
  s3: S3Client,
  { bucket, key }: { readonly bucket: string; readonly key: string },
  pieces: AsyncIterable<string>,
): Promise<string> {
  const {
    AbortMultipartUploadCommand,
    CompleteMultipartUploadCommand,
    CreateMultipartUploadCommand,
    UploadPartCommand,
  } = await import('@aws-sdk/client-s3')
  const at = { Bucket: bucket, Key: key }
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ ...at, ContentType: 'text/csv' }))
  const parts: { ETag: string | undefined; PartNumber: number }[] = []
  const upload = async (text: string): Promise<void> => {
    const PartNumber = parts.length + 1
    const { ETag } = await s3.send(new UploadPartCommand({ ...at, UploadId, PartNumber, Body: text }))
    parts.push({ ETag, PartNumber })
  }
  try {
    let text = ''
    for await (const piece of pieces) {
      text += piece
      if (text.length < partBytes) continue
      await upload(text)
      text = ''
    }
    // An upload has one part at least.
    if (text !== '' || parts.length === 0) await upload(text)
    const whole = { ...at, UploadId, MultipartUpload: { Parts: parts } }
    const { ETag } = await s3.send(new CompleteMultipartUploadCommand(whole))
    return (ETag ?? '').replaceAll('"', '')
  } catch (error) {
    await s3.send(new AbortMultipartUploadCommand({ ...at, UploadId })).catch(() => undefined)
    throw error
  }
}
