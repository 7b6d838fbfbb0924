import { expect } from 'vitest'
import { asFlowferryError } from '../../errors.ts'
import { cloudTrail } from '../../formats/cloudtrail.ts'
import { parseContext } from '../../read/limits.ts'
import { relatedEntity } from '../../schema/related-entity.ts'
import { memoryObject } from '../../testing/index.ts'
import type { Batch, Parser } from '../../types.ts'

/** A limit of depth below what the scanner of bytes needs: every record takes the plain path. */
const plainly = { limits: { depth: 31 } }

interface Read {
  readonly documents: readonly string[]
  /** As a filter sees them. */
  readonly views: readonly string[]
  readonly ids: readonly (string | undefined)[]
  readonly ordinals: readonly number[]
  readonly malformed: readonly unknown[]
  readonly unknownFields: Record<string, number>
  readonly error?: string
  readonly fast: number
}

const buffer = Buffer.alloc(1 << 20)
const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.length)

async function read(
  parser: Parser<unknown>,
  body: Buffer,
  chunkBytes: number,
  options: Parameters<typeof parseContext>[0],
): Promise<Read> {
  const batches: Batch<unknown>[] = []
  let error: string | undefined
  try {
    const object = memoryObject({ key: 'f.json', body, chunkBytes })
    for await (const batch of parser.parse(object, parseContext(options))) batches.push(batch)
  } catch (raised) {
    error = JSON.stringify(asFlowferryError(raised, 'STEP_FAILED', ''))
  }
  let fast = 0
  const all = batches.flatMap((batch) => Array.from({ length: batch.length }, (_, index) => ({ batch, index })))
  const documents = all.map(({ batch: { encoder, document, recordId }, index }) => {
    buffer.fill(0xff, 0, 4096)
    const end = encoder!.encode(index, buffer, view, 7)
    if (end === -1) return JSON.stringify(document(index))
    fast++
    const written = `${buffer.toString('utf8', 7, end - 1)}}`
    expect(end - 7).toBeLessThanOrEqual(encoder!.room(index))
    if (encoder!.id) expect(buffer.toString('utf8', 7, encoder!.id(index, buffer, view, 7))).toBe(recordId!(index))
    return written
  })
  const unknownFields = new Map<string, number>()
  for (const batch of batches)
    for (const [name, count] of Object.entries(batch.unknownFields ?? {}))
      unknownFields.set(name, (unknownFields.get(name) ?? 0) + count)
  return {
    documents,
    views: all.map(({ batch, index }) => viewed(batch.view!(index) as object)),
    ids: all.map(({ batch, index }) => batch.recordId?.(index)),
    ordinals: batches.flatMap(({ ordinals }) => Array.from(ordinals)),
    malformed: batches.flatMap(({ malformed = [] }) => malformed),
    unknownFields: Object.fromEntries(unknownFields),
    fast,
    ...(error !== undefined && { error }),
  }
}

/** What members are one by one, then all of them: the first must not depend on the second. */
function viewed(view: Readonly<Record<string, unknown>> | object): string {
  const names = ['kind', 'eventName', 'eventID', 'userIdentity', 'errorCode', 'f0', 'f1', 'o', 'l', 'constructor']
  const ones = names.map((name) => [name in view, (view as Record<string, unknown>)[name]])
  return `${JSON.stringify(ones)}${JSON.stringify(view)}`
}

export const events = cloudTrail.with(relatedEntity)

/** Both ways, which have to agree in all; gives how many records there were and how many were fast. */
export async function compare(body: Buffer, chunkBytes: number, parser: Parser<unknown> = events) {
  const { fast, ...byBytes } = await read(parser, body, chunkBytes, {})
  const { fast: none, ...plain } = await read(parser, body, chunkBytes, plainly)
  expect(none).toBe(0)
  // A bracket lost puts one record into the other, and the limit of this side is the lower one.
  if (plain.error?.includes('limits.depth')) return { records: 0, fast: 0 }
  expect(byBytes).toEqual(plain)
  return { records: plain.documents.length, fast }
}
