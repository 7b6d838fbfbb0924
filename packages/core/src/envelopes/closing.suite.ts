import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fixtures } from '../../../../test/support/fixtures.ts'
import { encodeBulk } from '../../../search/src/encode.ts'
import { detect } from '../detect.ts'
import { cloudTrail } from '../formats/cloudtrail.ts'
import { vpcFlow } from '../formats/vpc-flow.ts'
import { waf } from '../formats/waf.ts'
import { sliceOf } from '../ingest/slice.ts'
import { parseContext } from '../read/limits.ts'
import { track } from '../read/object.ts'
import { memoryObject } from '../testing/index.ts'
import type { Parser, Slice } from '../types.ts'
import { cloudWatchLogs } from './cloudwatch-logs.ts'

const jsonOf = (name: string): Record<string, unknown> =>
  JSON.parse(
    fixtures
      .find((one) => one.name === name)!
      .text.trim()
      .split('\n')[0]!,
  ) as Record<string, unknown>

const event = {
  eventVersion: '1.11',
  eventTime: '2026-11-30T09:00:00Z',
  eventSource: 's3.amazonaws.com',
  eventName: 'GetObject',
  eventID: 'e',
}
const usualFlow = '2 123456789012 eni-1 192.0.2.7 192.0.2.8 1 443 6 10 840 1764493200 1764493260 ACCEPT OK'
const flow = fc
  .tuple(fc.constantFrom('123456789012', '-'), fc.constantFrom('10 840', '- -', '10 é'), fc.constantFrom('OK', '-'))
  .map(
    ([account, counts, status]) => `2 ${account} eni-1 192.0.2.7 - 1 443 6 ${counts} 1764493200 1764493260 - ${status}`,
  )
const trail = fc
  .tuple(fc.constantFrom('123456789012', undefined), fc.constantFrom('a', 'é', 'a/b', undefined), fc.boolean())
  .map(([recipientAccountId, error, isOdd]) =>
    JSON.stringify({ ...event, recipientAccountId, errorCode: error }, undefined, isOdd ? 1 : 0),
  )
const request = fc
  .constantFrom('arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/a/b', 'none', 'arn:aws:wafv2:::x')
  .map((webaclId) => JSON.stringify({ ...jsonOf('waf.json'), webaclId }))
const text = fc.constantFrom('/vpc/flow', 'é"\\', 'a'.repeat(512), 'b'.repeat(3000), 'x')
const envelopeOf = (owner: string | undefined, logGroup: string, logStream: string, messages: readonly string[]) =>
  JSON.stringify({
    messageType: 'DATA_MESSAGE',
    owner,
    logGroup,
    logStream,
    logEvents: messages.map((message) => ({ id: '36', timestamp: 1, message })),
  })
const messages = fc.oneof(...[flow, trail, request].map((one) => fc.array(one, { minLength: 1, maxLength: 5 })))
const envelope = fc
  .tuple(fc.constantFrom('123456789012', 'none', undefined), text, text, messages)
  .map((given) => envelopeOf(...given))
/** Without one that a format claims, the object is of none. */
const first = envelopeOf('123456789012', 'g', 's', [usualFlow])

/** The documents as bulk bodies have them, of a parser's encoders and of its plain path; and how many were encoded. */
async function bothPaths(parser: Parser<unknown>, body: string, chunkBytes: number, keeps: boolean) {
  const object = track(memoryObject({ key: 'f', body, chunkBytes }))
  const filter = keeps ? undefined : (record: unknown) => JSON.stringify(record).length % 3 > 0
  const slices: Slice<unknown>[] = []
  for await (const batch of parser.parse(object, parseContext())) {
    const options = { namespace: 'default', from: 0, now: new Date(0), untimed: () => undefined, enrich: undefined }
    slices.push(sliceOf(batch, object.identity(), { ...options, filter }))
  }
  const plain = slices.flatMap((slice) =>
    Array.from({ length: slice.length }, (_, index) => JSON.stringify(slice.document(index))),
  )
  let asked = 0
  const counting = slices.map(
    (slice): Slice<unknown> => ({
      ...slice,
      document: (index) => {
        asked++
        return slice.document(index)
      },
    }),
  )
  const encoded: string[] = []
  const target = { op: 'create' as const, indexOf: () => 'i', refuse: () => expect.unreachable() }
  for await (const { bytes } of encodeBulk(counting, target, () => 60_000, Buffer.alloc(1 << 17)))
    encoded.push(...bytes.toString().trimEnd().split('\n'))
  return { encoded: encoded.filter((_, line) => line % 2 === 1), plain, fast: plain.length - asked }
}

/** What stood around records stands in documents as the plain path has it, byte for byte, and most are encoded. */
export function closingSuite(): void {
  test('of envelopes of several formats, accounts or none, and names of any length', { timeout: 120_000 }, async () => {
    let records = 0
    let fast = 0
    const parser = cloudWatchLogs(detect([vpcFlow, cloudTrail, waf]) as Parser<unknown>)
    await fc.assert(
      fc.asyncProperty(
        fc.array(envelope, { minLength: 1, maxLength: 8 }),
        fc.constantFrom(100, 4096),
        fc.boolean(),
        async (envelopes, chunkBytes, keeps) => {
          const both = await bothPaths(parser, [first, ...envelopes].join(''), chunkBytes, keeps)
          expect(both.encoded).toEqual(both.plain)
          records += both.plain.length
          fast += both.fast
        },
      ),
      { numRuns: 150 },
    )
    expect(records).toBeGreaterThan(500)
    expect(fast).toBeGreaterThan(records / 6)
  })

  test.each([
    [vpcFlow, usualFlow],
    [cloudTrail, JSON.stringify({ ...event, recipientAccountId: '123456789012' })],
    [waf, JSON.stringify(jsonOf('waf.json'))],
  ] as const)('no usual record of an envelope takes the plain path', async (parser, message) => {
    const of = (logStream: string) =>
      envelopeOf(
        '123456789012',
        'g',
        logStream,
        Array.from({ length: 4 }, () => message),
      )
    const both = await bothPaths(cloudWatchLogs(parser as Parser<unknown>), ['a', 'b', 'a'].map(of).join(''), 1e5, true)
    expect(both.encoded).toEqual(both.plain)
    expect(both.plain.filter((one) => one.includes('"log_stream":"b"'))).toHaveLength(4)
    // The very first line of a file may be a header.
    expect(both.plain.length - both.fast).toBeLessThanOrEqual(1)
  })
}
