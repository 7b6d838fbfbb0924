import { FlowferryError } from '../errors.ts'
import type { ObjectHead, ParseContext, SourceObject } from '../types.ts'
import { readBytes } from './bytes.ts'
import { placeOf } from './object.ts'

/** Beginnings of files that are no text, in hexadecimal digits. */
const binaries: readonly (readonly [begin: RegExp, name: string])[] = [
  [/^504b(0304|0506)/, 'a zip archive'],
  [/^425a683[1-9]/, 'compressed by bzip2'],
  [/^fd377a585a00/, 'compressed by xz'],
  [/^04224d18/, 'compressed by LZ4'],
  [/^ff060000734e61507059/, 'compressed by Snappy'],
  [/^504152(31|45)/, 'Parquet'],
  [/^4f524300/, 'ORC'],
  [/^4f626a01/, 'Avro'],
  [/^89504e470d0a1a0a/, 'a PNG image'],
  [/^255044462d/, 'PDF'],
  [/^377abcaf271c/, 'a 7-Zip archive'],
  [/^(fffe|feff|(?!00)..00(?!00)..00|00(?!00)..00(?!00))/, 'text in UTF-16'],
]

/** What AWS writes beside logs, and logs that no format here reads. */
const others: readonly (readonly [text: RegExp, name: string])[] = [
  [/^\s*\{\s*"(fileVersion|configSnapshotId|configurationItems)"\s*:/, "AWS Config's history or snapshot"],
  [
    /^\s*\{\s*"messageType"\s*:\s*"(DATA|CONTROL)_MESSAGE"/,
    'an envelope of CloudWatch Logs, whose messages `cloudWatchLogs(parser)` reads',
  ],
  [/^version aws_account_id accelerator_id /, "Global Accelerator's flow logs"],
  [/^\s*\{[^{}]*"class_uid"\s*:/, 'OCSF'],
  [/^\s*\{[^{}]*"digestStartTime"\s*:/, 'a digest of CloudTrail, which `flowferry verify` checks'],
  [/^\s*\{\s*"Records"\s*:\s*\[\s*\{[^{}]*"eventSource"\s*:\s*"aws:s3"/, 'a notification of S3, and no log'],
  [/^\s*\{[^{}]*"Event"\s*:\s*"s3:TestEvent"/, 'a notification of S3, and no log'],
  [/^\s*\{(?=[^{}]*"SchemaVersion"\s*:)(?=[^{}]*"ProductArn"\s*:)/, "Security Hub's findings (ASFF)"],
  [
    /^(?:\u00ef\u00bb\u00bf)?(?=[^\n]*\beventversion\b)(?=[^\n]*\buseridentity\b)["\w, \t]+\r?\n/i,
    "CloudTrail's events as CSV, out of Athena or CloudTrail Lake, which write their objects as no JSON",
  ],
  [/^\s*\{(?=[^[\]]*"QueryResultRows"\s*:)/, "an answer of CloudTrail Lake's GetQueryResults"],
  [/^\s*\{(?=[^[\]]*"ResultSet"\s*:)/, "an answer of Athena's GetQueryResults"],
  [/^\d{10}\.\d{3}\t/, "CloudFront's real-time log of chosen fields, which withFields() of its format states"],
]

/** What a file is that is no text: `a zip archive`. */
function binaryIn(bytes: Uint8Array): string | undefined {
  const begin = Buffer.from(bytes.subarray(0, 16)).toString('hex')
  return binaries.find(([pattern]) => pattern.test(begin))?.[1]
}

/** What an object is that no parser reads, by its beginning. */
export function recognise({ stored, text }: ObjectHead): string | undefined {
  return (
    binaryIn(Buffer.from(text.slice(0, 16), 'latin1')) ??
    others.find(([begin]) => begin.test(text))?.[1] ??
    binaryIn(stored)
  )
}

/**
 * `readBytes` of what is to be text. Where each line is one for itself, its first bytes are a line's, and tell nothing.
 *
 * @throws FlowferryError FORMAT_MISMATCH where the first bytes are known to begin no UTF-8, and the errors of `readBytes`
 */
export async function* readText(object: SourceObject, context: ParseContext): AsyncGenerator<Buffer> {
  let isFirst = true
  for await (const chunk of readBytes(object, context)) {
    const name = isFirst && !context.lineEach ? binaryIn(chunk) : undefined
    if (name !== undefined)
      throw new FlowferryError('FORMAT_MISMATCH', `It is ${name}, and is read as UTF-8`, {
        place: { ...placeOf(object), offset: 0 },
      })
    isFirst = false
    yield chunk
  }
}
