import { FlowferryError } from '../errors.ts'
import type { ObjectHead, ParseContext, SourceObject } from '../types.ts'
import { readBytes } from './bytes.ts'
import { placeOf } from './object.ts'

/** Beginnings of files that are no text, one character a byte. */
const binaries: readonly (readonly [begin: RegExp, name: string])[] = [
  [/^PK(\x03\x04|\x05\x06)/, 'a zip archive'],
  [/^BZh[1-9]/, 'compressed by bzip2'],
  [/^\xfd7zXZ\0/, 'compressed by xz'],
  [/^\x04\x22\x4d\x18/, 'compressed by LZ4'],
  [/^\xff\x06\0\0sNaPpY/, 'compressed by Snappy'],
  [/^PAR[1E]/, 'Parquet'],
  [/^ORC/, 'ORC'],
  [/^Obj\x01/, 'Avro'],
  [/^(\xff\xfe|\xfe\xff|[^\0]\0[^\0]\0|\0[^\0]\0[^\0])/, 'text in UTF-16'],
]

/** What AWS writes beside logs, and logs that no format here reads. */
const others: readonly (readonly [text: RegExp, name: string])[] = [
  [/^\s*\{\s*"(fileVersion|configSnapshotId|configurationItems)"\s*:/, "AWS Config's history or snapshot"],
  [/^\s*\{\s*"messageType"\s*:\s*"(DATA|CONTROL)_MESSAGE"/, 'an envelope of CloudWatch Logs'],
  [/^version aws_account_id accelerator_id /, "Global Accelerator's flow logs"],
  [/^\s*\{[^{}]*"class_uid"\s*:/, 'OCSF'],
]

/** What a file is that is no text: `a zip archive`. */
function binaryIn(text: string): string | undefined {
  return binaries.find(([begin]) => begin.test(text))?.[1]
}

/** What an object is that no parser reads, by its beginning. */
export function recognise({ stored, text }: ObjectHead): string | undefined {
  return (
    binaryIn(text) ??
    others.find(([begin]) => begin.test(text))?.[1] ??
    binaryIn(Buffer.from(stored.subarray(0, 16)).toString('latin1'))
  )
}

/**
 * `readBytes` of what is to be text.
 *
 * @throws FlowferryError FORMAT_MISMATCH where the first bytes are known to begin no UTF-8, and the errors of `readBytes`
 */
export async function* readText(object: SourceObject, context: ParseContext): AsyncGenerator<Buffer> {
  let isFirst = true
  for await (const chunk of readBytes(object, context)) {
    const name = isFirst ? binaryIn(chunk.subarray(0, 16).toString('latin1')) : undefined
    if (name !== undefined)
      throw new FlowferryError('FORMAT_MISMATCH', `It is ${name}, and is read as UTF-8`, {
        place: { ...placeOf(object), offset: 0 },
      })
    isFirst = false
    yield chunk
  }
}
