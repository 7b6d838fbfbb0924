import { isIP } from 'node:net'
import { cloudWatchLogs, FlowferryError, type Format, ingest, type Sink, type SourceObject } from '@flowferry/core'
import { memoryObject, memorySource } from '@flowferry/core/testing'
import { expect, test } from 'vitest'
import { encodeBulk } from '../../packages/search/src/encode.ts'
import { allParsers, anyFormat, parquetFiles } from '../support/all-files.ts'
import { fixtures } from '../support/fixtures.ts'
import { chanceOf, inputs, seed } from './inputs.ts'
import { type Mutant, mutate, type Seed } from './mutate.ts'

/**
 * Files that nobody wrote: `npm run fuzz` reads a million of them, `npm run fuzz -- 5000` as many. `FLOWFERRY_FUZZ_SEED`
 * makes others, `FLOWFERRY_FUZZ_FIRST` begins with another than the first: each depends on the seed and its number alone.
 */
const first = Number(process.env.FLOWFERRY_FUZZ_FIRST ?? 0)

/** What a file's content may be answered with. Another code is a fault that nobody thought of. */
const ofContent = new Set([
  ...['FORMAT_UNKNOWN', 'FORMAT_AMBIGUOUS', 'FORMAT_MISMATCH', 'JSON_INVALID', 'LIMIT_EXCEEDED', 'TOO_MANY_MALFORMED'],
  ...['COMPRESSION_CORRUPT', 'COMPRESSION_UNSUPPORTED', 'PARQUET_INVALID', 'PARQUET_UNSUPPORTED'],
])
/** Above these an input of some kilobytes is a way to keep a machine busy. */
const most = { records: 200_000, bytesRead: 100, opened: 500 }

const buffer = Buffer.alloc(1 << 21)
const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.length)
const prototypes = [Object.prototype, Array.prototype, Function.prototype, String.prototype, Map.prototype]
const names = () => prototypes.map((one) => Reflect.ownKeys(one).length).join()

/** Files of all formats, and envelopes of CloudWatch Logs around their lines. */
const parser = cloudWatchLogs(anyFormat)

interface Read {
  readonly documents: readonly string[]
  readonly findings: readonly string[]
  readonly error: string | undefined
  readonly fast: number
}

/** Reads a mutant, and gives what is wrong with the answer. */
async function read({ key, body, chunkBytes }: Mutant, limits: { depth?: number } = {}): Promise<Read> {
  const findings: string[] = []
  const documents: string[] = []
  let fast = 0
  const sink: Sink<unknown> = {
    write: async (batch) => {
      const plain: string[] = []
      for (const slice of batch)
        for (let index = 0; index < slice.length; index++) {
          const document = slice.document(index)
          const text = JSON.stringify(document)
          plain.push(text)
          findings.push(...wrongIn(slice.format, document))
          if (!slice.encoder || slice.encoder.room(index) > buffer.length) continue
          const end = slice.encoder.encode(index, buffer, view, 0)
          if (end === -1) continue
          fast++
          if (buffer.toString('utf8', 0, end) !== text) findings.push(`encoded alone unlike plain path: ${text}`)
        }
      if (documents.length + plain.length > most.records) throw new Error('too many records')
      const target = {
        op: 'create',
        indexOf: () => 'i',
        refuse: () => findings.push('refused by the encoder'),
      } as const
      const written: string[] = []
      for await (const { bytes } of encodeBulk(batch, target, () => 1 << 20, buffer))
        written.push(
          ...bytes
            .toString()
            .split('\n')
            .filter((_, line) => line % 2 === 1),
        )
      if (written.length !== plain.length) findings.push(`${plain.length} documents, ${written.length} of them written`)
      const differs = plain.findIndex((text, index) => text !== written[index])
      if (differs !== -1) findings.push(`fast path unlike plain path: ${written[differs]} ${plain[differs]}`)
      documents.push(...plain)
      return { slices: batch.map(({ length }) => ({ written: length, duplicate: 0, rejected: [], unfinished: 0 })) }
    },
  }
  const cost = { opened: 0, bytes: 0 }
  const source = memorySource(counting(memoryObject({ key, body, chunkBytes }), cost))
  const before = names()
  const report = await ingest({ source, parser, sink, malformedShare: 1, limits })
  if (names() !== before) findings.push('a prototype was changed')
  const object = report.messages[0]!.objects[0]!
  const { counts, error } = object
  const parts = counts.written + counts.duplicate + counts.rejected + counts.filtered + counts.malformed
  if (counts.read !== parts + counts.unfinished) findings.push(`counts do not add up: ${JSON.stringify(counts)}`)
  if (counts.written !== documents.length) findings.push(`${documents.length} documents, ${counts.written} counted`)
  if (error) findings.push(...wrongError(error, key))
  if (cost.opened > most.opened) findings.push(`opened ${cost.opened} times`)
  if (cost.bytes > most.bytesRead * body.length + 65_536) findings.push(`${cost.bytes} bytes read of ${body.length}`)
  return { documents, findings, error: error?.code, fast }
}

function counting(object: SourceObject, cost: { opened: number; bytes: number }): SourceObject {
  return {
    ...object,
    open: async (range, signal) => {
      cost.opened++
      const opened = await object.open(range, signal)
      async function* body() {
        for await (const chunk of opened.body) {
          cost.bytes += chunk.length
          yield chunk
        }
      }
      return { ...opened, body: body() }
    },
  }
}

function wrongError(error: unknown, key: string): string[] {
  if (!FlowferryError.isInstance(error)) return [`not ours: ${error}`]
  const wrong: string[] = []
  if (!ofContent.has(error.code)) wrong.push(`${error.code}: ${error.message} ${(error.cause as Error)?.stack ?? ''}`)
  if (error.place?.key !== key) wrong.push(`${error.code} does not say where: ${JSON.stringify(error.place)}`)
  for (let cause = error.cause; cause instanceof Error; cause = cause.cause)
    if (cause instanceof TypeError || cause instanceof ReferenceError || cause instanceof RangeError)
      wrong.push(`${error.code} hides ${cause.stack}`)
  return wrong
}

/** Values that an index of the format's mapping would refuse, and what no document has. */
function wrongIn(format: Format, document: Readonly<Record<string, unknown>>): string[] {
  const wrong: string[] = []
  const walk = (value: unknown, path: string): void => {
    if (Array.isArray(value)) {
      for (const item of value) walk(item, path)
      return
    }
    const type = format.mapping[path]?.type
    const say = () => wrong.push(`${format.kind}: ${path} of ${type} is ${JSON.stringify(value)?.slice(0, 200)}`)
    if (type === 'flattened') return
    if (typeof value === 'object' && value !== null) {
      if (type !== undefined) say()
      for (const [name, member] of Object.entries(value)) walk(member, path === '' ? name : `${path}.${name}`)
    } else if (type === 'ip') {
      if (typeof value !== 'string' || isIP(value) === 0) say()
    } else if (type === 'long' || type === 'integer') {
      if (!Number.isInteger(value) || Math.abs(value as number) > 2 ** 63) say()
    } else if (type === 'double') {
      if (!Number.isFinite(value)) say()
    } else if (type === 'date') {
      const time = new Date(value as string)
      if (typeof value !== 'string' || Number.isNaN(time.getTime()) || time.toISOString() !== value) say()
    } else if (type === 'keyword' && !['string', 'number', 'boolean'].includes(typeof value)) say()
  }
  walk(document, '')
  if (document['@timestamp'] === undefined) wrong.push(`${format.kind}: no time`)
  return wrong
}

/** What a subscription filter sends of the fixtures of logs that come so. */
const enveloped = fixtures
  .filter(({ name }) => /^(vpc-flow|waf|route53-resolver|guardduty|cloudtrail)/.test(name))
  .map(({ name, text }): Seed => {
    const messages = name.endsWith('.log') ? text.trimEnd().split('\n') : [text]
    const logEvents = messages.map((message, index) => ({ id: `${index}`, timestamp: 1_764_493_260_000, message }))
    const envelope = { messageType: 'DATA_MESSAGE', owner: '123456789012', logGroup: 'g', logStream: name, logEvents }
    return { name: `${name} in an envelope`, key: 'firehose/x-1', body: Buffer.from(JSON.stringify(envelope)) }
  })

/** The test of every file whose number leaves this remainder: two processes read half each. */
export function fuzzSuite(remainder: 0 | 1): void {
  test(`half of ${inputs} mutated files: each is read, or answered with an error that says where`, async () => {
    const plain = fixtures.map(({ name, text, key }): Seed => ({ name, key, body: Buffer.from(text) }))
    const texts = [...plain, ...enveloped]
    const binaries = await Promise.all(
      (await parquetFiles()).map(async (object): Promise<Seed> => {
        const chunks: Uint8Array[] = []
        for await (const chunk of (await object.open()).body) chunks.push(chunk)
        return { name: object.key, key: object.key, body: Buffer.concat(chunks) }
      }),
    )
    const totals = { documents: 0, fast: 0, errors: {} as Record<string, number> }
    const kinds = new Set<string>()
    const findings = new Map<string, string>()
    for (let number = first; number < first + inputs && findings.size < 20; number++) {
      if (number % 2 !== remainder) continue
      const mutant = mutate(texts, binaries, chanceOf(number))
      const say = (what: string) => {
        const alike = what.replace(/\d+/g, '0').slice(0, 160)
        if (!findings.has(alike)) findings.set(alike, `input ${number} of seed ${seed} (${mutant.how}): ${what}`)
      }
      try {
        const one = await read(mutant)
        for (const what of one.findings) say(what)
        // By the plain path alone: below what the scanner of JSON needs.
        if (number % 20 < 2) {
          const plain = await read(mutant, { depth: 31 })
          const isDeep = plain.error === 'LIMIT_EXCEEDED' || one.error === 'LIMIT_EXCEEDED'
          if (!isDeep && (plain.error !== one.error || plain.documents.join('\n') !== one.documents.join('\n')))
            say(
              `read by bytes: ${one.error} ${one.documents.join()}, by objects: ${plain.error} ${plain.documents.join()}`,
            )
        }
        totals.documents += one.documents.length
        totals.fast += one.fast
        totals.errors[one.error ?? 'none'] = (totals.errors[one.error ?? 'none'] ?? 0) + 1
        if (kinds.size < allParsers.length)
          for (const text of one.documents) kinds.add(/"dataset":"([^"]*)"/.exec(text)![1]!)
      } catch (error) {
        say(`threw ${(error as Error).stack}`)
      }
    }
    console.log(totals)
    expect([...findings.values()]).toEqual([])
    // Few files are beyond reading, and few documents beyond the fast path: else nothing was tried.
    expect(kinds).toEqual(new Set(allParsers.map(({ format }) => format.dataset)))
    expect(totals.documents).toBeGreaterThan(inputs / 4)
    expect(totals.fast).toBeGreaterThan(totals.documents / 10)
  })
}
