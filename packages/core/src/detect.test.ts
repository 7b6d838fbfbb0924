import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { detect } from './detect.ts'
import { cloudFront } from './formats/cloudfront.ts'
import { cloudTrail } from './formats/cloudtrail.ts'
import { vpcFlow } from './formats/vpc-flow.ts'
import { ingest } from './ingest.ts'
import { rejectedDocuments } from './rejected.ts'
import { memoryObject, memorySink, memorySource } from './testing.ts'

const parser = detect([vpcFlow, cloudFront, rejectedDocuments, cloudTrail])
/** What opens and never closes, and what a look could begin again behind each of. */
const repeated = [
  '[',
  '{',
  '[[],',
  '{"a":1,',
  '{"a":',
  '{"Records":[',
  '"',
  '\\"',
  '"\\\n',
  '"a":',
  ' ',
  '\r\n',
  '\r',
  '#',
  '#Fields: ',
  'a ',
]
const begun = ['', '"', '{"Records":[', '[{"a":"', '#Fields:']

// Where the cost is the square of the length, each of these takes an hour.
test.each(repeated)('a head of %j is looked at once', { timeout: 30_000 }, (piece) => {
  for (const begin of begun) {
    const text = begin + piece.repeat(1_000_000 / piece.length)
    expect(parser.claims({ bucket: 'b', key: 'k', stored: Buffer.from(text), text })).not.toBe('key')
  }
})

test('nothing but brackets, in few stored bytes, is one unknown object beside a good one', async () => {
  const bombs = ['[', '{', '[[],', '{"a":1,'].map((piece, i) =>
    memoryObject({ key: `bomb-${i}`, body: gzipSync(piece.repeat(100_000)) }),
  )
  const flows = 'version srcaddr dstaddr end\n5 10.0.0.1 10.0.0.2 1795339000\n'
  const source = memorySource(...bombs, memoryObject({ key: 'good', body: flows }))
  const { messages } = await ingest({ source, parser, sink: memorySink() })
  const ends = messages.map(({ objects }) => objects[0]!.error?.code ?? objects[0]!.status)
  expect(ends).toEqual([...bombs.map(() => 'FORMAT_UNKNOWN'), 'done'])
})

test('a header of very many names costs as much as it is long', { timeout: 20_000 }, async () => {
  const names = Array.from({ length: 200_000 }, (_, n) => `x${n}`)
  const body = gzipSync(`#Version: 1.0\n#Fields: date time ${names.join(' ')}\n2026-01-01\t00:00:00\n`)
  const source = memorySource(memoryObject({ key: 'wide', body }))
  const { messages } = await ingest({ source, parser, sink: memorySink(), limits: { columns: names.length + 2 } })
  expect(messages[0]!.objects[0]!.counts).toMatchObject({ written: 0, malformed: 1 })
})
