import { existsSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { asFlowferryError } from '../errors.ts'
import { parseContext } from '../limits.ts'
import { memoryObject } from '../testing.ts'
import type { Batch } from '../types.ts'
import { type CloudTrailRecord, cloudTrail } from './cloudtrail.ts'

/** A limit of depth below what the scanner of bytes needs: every record takes the plain path. */
const plainly = { limits: { depth: 31 } }

interface Read {
  readonly documents: readonly string[]
  readonly ids: readonly (string | undefined)[]
  readonly ordinals: readonly number[]
  readonly malformed: readonly unknown[]
  readonly unknownFields: Record<string, number>
  readonly error?: string
  readonly fast: number
}

const buffer = Buffer.alloc(1 << 20)
const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.length)

async function read(body: Buffer, chunkBytes: number, options: Parameters<typeof parseContext>[0]): Promise<Read> {
  const batches: Batch<CloudTrailRecord>[] = []
  let error: string | undefined
  try {
    const object = memoryObject({ key: 'f.json', body, chunkBytes })
    for await (const batch of cloudTrail.parse(object, parseContext(options))) batches.push(batch)
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
    const idEnd = encoder!.id!(index, buffer, view, 7)
    expect(buffer.toString('utf8', 7, idEnd)).toBe(recordId!(index))
    return written
  })
  const unknownFields: Record<string, number> = {}
  for (const batch of batches)
    for (const [name, count] of Object.entries(batch.unknownFields ?? {}))
      Object.defineProperty(unknownFields, name, {
        value: (Object.hasOwn(unknownFields, name) ? unknownFields[name]! : 0) + count,
        enumerable: true,
        configurable: true,
      })
  return {
    documents,
    ids: all.map(({ batch, index }) => batch.recordId!(index)),
    ordinals: batches.flatMap(({ ordinals }) => Array.from(ordinals)),
    malformed: batches.flatMap(({ malformed = [] }) => malformed),
    unknownFields,
    fast,
    ...(error !== undefined && { error }),
  }
}

/** Both ways, which have to agree in all; gives how many records there were and how many were fast. */
async function compare(body: Buffer, chunkBytes: number) {
  const { fast, ...byBytes } = await read(body, chunkBytes, {})
  const { fast: none, ...plain } = await read(body, chunkBytes, plainly)
  expect(none).toBe(0)
  // A bracket lost puts one record into the other, and the limit of this side is the lower one.
  if (plain.error?.includes('limits.depth')) return { records: 0, fast: 0 }
  expect(byBytes).toEqual(plain)
  return { records: plain.documents.length, fast }
}

const odd = <T>(usual: fc.Arbitrary<T>, unusual: fc.Arbitrary<T>, one = 12) =>
  fc.oneof({ arbitrary: usual, weight: one }, { arbitrary: unusual, weight: 1 })

// Everything is JSON text, so that it can be what JSON.stringify never writes.
const text = odd(
  fc.stringMatching(/^[ -~]{1,24}$/).map((value) => JSON.stringify(value)),
  fc.oneof(
    fc.string({ unit: 'binary', maxLength: 12 }).map((value) => JSON.stringify(value)),
    fc.string({ unit: 'grapheme', maxLength: 12 }).map((value) => JSON.stringify(value)),
    fc.constantFrom(
      '""',
      String.raw`"\u0041"`,
      String.raw`"a\/b"`,
      String.raw`"\ud83d\ude00"`,
      String.raw`"\ud800"`,
      String.raw`"\u0000"`,
      String.raw`"\u001f\t\n\\\""`,
      '"\u007f\u2028"',
      '"漢字, {é=😀}"',
      String.raw`"\x"`,
      '"tab\there"',
    ),
    fc.constantFrom(300, 9000, 20_000).map((length) => `"${'long, '.repeat(length / 6)}"`),
  ),
  400,
)
const number = odd(
  fc.oneof(
    fc.integer().map(String),
    fc.constantFrom('0', '1.5', '-0.25', '100', '0.000001', '84.410596421', '0.0000882145', '123456789012345'),
  ),
  fc.oneof(
    fc.constantFrom('-0', '1.0', '1e3', '1E5', '0.0000001', '12345678901234567890', '01', '1.', '-', '0.10', '-0.5e1'),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)),
  ),
  200,
)
const literal = fc.constantFrom('true', 'false', 'null')
const scalar = fc.oneof(
  { arbitrary: text, weight: 6 },
  { arbitrary: number, weight: 2 },
  { arbitrary: literal, weight: 1 },
)
const comma = odd(fc.constant(','), fc.constantFrom(' , ', ',\n'), 800)
const colon = odd(fc.constant(':'), fc.constantFrom(': ', ' :'), 800)
const name = odd(
  fc.stringMatching(/^[a-zA-Z][a-zA-Z0-9.-]{0,14}$/).map((value) => JSON.stringify(value)),
  fc.oneof(
    text,
    fc.constantFrom('"__proto__"', '"0"', '"12"', '"01"', '"constructor"', '""', '"é"', `"${'n'.repeat(900)}"`),
  ),
  250,
)

function objectOf(members: readonly (readonly [string, string])[], colon: string, comma: string): string {
  return `{${members.map(([key, value]) => `${key}${colon}${value}`).join(comma)}}`
}
const { tree } = fc.letrec<{ tree: string; value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: 'small', withCrossShrink: true },
    { arbitrary: scalar, weight: 20 },
    { arbitrary: tie('tree'), weight: 3 },
    {
      arbitrary: fc
        .tuple(fc.array(tie('value'), { maxLength: 3 }), comma)
        .map(([items, between]) => `[${items.join(between)}]`),
      weight: 1,
    },
    { arbitrary: fc.constantFrom('{}', '[]', '[{}]', '[null,""]', '{"a":{"b":null}}'), weight: 1 },
    {
      arbitrary: fc
        .constantFrom(2, 3, 4, 5, 12, 13, 14, 15, 16, 17)
        .map((n) => `${'{"a":'.repeat(n)}[1]${'}'.repeat(n)}`),
      weight: 1,
    },
  ),
  tree: fc
    .tuple(
      odd(
        fc.uniqueArray(fc.tuple(name, tie('value')), { selector: ([key]) => key, maxLength: 5 }),
        fc.array(fc.tuple(name, tie('value')), { maxLength: 5 }),
        40,
      ),
      colon,
      comma,
    )
    .map(([members, between, behind]) => objectOf(members, between, behind)),
}))
const known = (...names: string[]) =>
  fc.tuple(fc.constantFrom(...names.map((one) => JSON.stringify(one))), odd(text, scalar))
const freeForm = (...names: string[]) =>
  odd(
    fc
      .tuple(
        tree,
        odd(
          fc.uniqueArray(known(...names), { selector: ([key]) => key, maxLength: 2 }),
          fc.array(known(...names), { maxLength: 2 }),
          40,
        ),
      )
      .map(([object, inner]) => {
        const front = inner.map(([key, value]) => `${key}:${value}`).join(',')
        return object === '{}' ? `{${front}}` : `{${front}${front && ','}${object.slice(1)}`
      }),
    fc.oneof(scalar, fc.constantFrom('[]', '[1,{"a":2}]', '{"user":{"userId":"u","x":[1]},"group":"g"}')),
    100,
  )
const wrong = fc.oneof(scalar, tree, fc.constantFrom('[]', '["a","b"]', '[1,null]', '{"a":1}', '{}'))
const field = (usual: fc.Arbitrary<string>) => odd(usual, wrong, 600)
const time = field(
  odd(
    fc.constantFrom('"2025-07-31T08:01:12Z"', '"2024-02-28T00:00:00Z"', '"2025-12-31T23:59:59Z"', '"20131102T010628Z"'),
    fc.constantFrom(
      '"2024-02-29T00:00:00Z"',
      '"2025-02-30T00:00:00Z"',
      '"2025-13-01T00:00:00Z"',
      '"2025-01-01T24:00:00Z"',
    ),
    30,
  ),
)
const one = (...values: string[]) => field(fc.constantFrom(...values.map((value) => JSON.stringify(value))))
const word = field(text)
const resource = fc
  .array(
    fc.tuple(
      odd(fc.constantFrom('"ARN"', '"type"', '"accountId"'), fc.constantFrom('"ARNPrefix"', '"arn"', '"x"'), 20),
      odd(fc.constantFrom('"a"', '"b"', '"arn:aws:s3:::x"', '"1"', '"2"', '"3"'), scalar, 30),
    ),
    { minLength: 1, maxLength: 3 },
  )
  .map((members) => objectOf([...new Map(members)], ':', ','))

/** An object of some of these members, in their order or another. */
function someOf(members: Record<string, fc.Arbitrary<string>>): fc.Arbitrary<string> {
  const names = Object.keys(members)
  return fc
    .tuple(
      fc.tuple(...names.map((key) => members[key]!)),
      fc.array(fc.boolean(), { minLength: names.length, maxLength: names.length }),
      fc.integer({ min: 0, max: names.length * 4 }),
      colon,
      comma,
    )
    .map(([values, there, turn, between, behind]) => {
      const list = names.flatMap((key, i) => (there[i] ? [[JSON.stringify(key), values[i]!] as const] : []))
      // Three quarters of them keep AWS's order.
      const turned = turn < list.length ? [...list.slice(turn), ...list.slice(0, turn)] : list
      return objectOf(turned, between, behind)
    })
}

const identity = someOf({
  type: one('AssumedRole', 'IAMUser', 'Root'),
  principalId: word,
  arn: word,
  accountId: one('123456789012', '210987654321'),
  userName: word,
  sessionContext: field(
    someOf({
      sessionIssuer: field(
        someOf({ type: one('Role'), principalId: word, arn: word, accountId: one('1'), userName: word }),
      ),
      webIdFederationData: field(someOf({ federatedProvider: word, attributes: freeForm('sub') })),
      attributes: field(someOf({ creationDate: time, mfaAuthenticated: one('true', 'false') })),
    }),
  ),
  invokedBy: word,
  inScopeOf: field(someOf({ sourceArn: word, issuerType: word })),
})
const most = (usual: fc.Arbitrary<string>, rest: Record<string, fc.Arbitrary<string>>) => {
  const names = Object.keys(rest)
  return fc.tuple(usual, fc.subarray(names, { minLength: 0 })).chain(([head, chosen]) =>
    fc.tuple(...chosen.map((key) => rest[key]!)).map((values) => {
      const behind = chosen.map((key, i) => `${JSON.stringify(key)}:${values[i]}`)
      return `{${[head, ...behind].join(',')}}`
    }),
  )
}
const id = odd(
  fc.uuid().map((value) => `"${value}"`),
  fc.constantFrom('""', '"with space"', `"${'x'.repeat(129)}"`, '7', 'null', '"é"', String.raw`"a\\b"`, '"~!"'),
  100,
)
const record = most(
  fc
    .tuple(
      time,
      id,
      odd(fc.constant(''), fc.constantFrom('"kind":"x",', '"newField":{"a":1},', '"eventVersion":"1",'), 40),
    )
    .map(([at, own, extra]) => `${extra}"eventTime":${at},"eventType":"AwsApiCall","eventID":${own}`),
  {
    eventVersion: one('1.08', '1.11'),
    userIdentity: field(identity),
    eventSource: odd(one('s3.amazonaws.com', 'iam.amazonaws.com'), fc.constant('"aws:s3"'), 60),
    eventName: one('GetObject', 'CreateUser', 'AssumeRole', 'ConsoleLogin', '__proto__'),
    awsRegion: one('eu-central-1'),
    sourceIPAddress: one('192.0.2.1', '2001:db8::1', 'AWS Internal', 'fe80::1%eth0', '1.2.3.256', '01.2.3.4'),
    userAgent: word,
    errorCode: odd(one('AccessDenied'), fc.constantFrom('0', 'false', 'true', 'null', '""'), 50),
    errorMessage: word,
    requestParameters: freeForm('userName', 'newUserName', 'groupName'),
    responseElements: freeForm('ConsoleLogin', 'user', 'group'),
    additionalEventData: freeForm('LoginTo', 'MobileVersion', 'MFAUsed'),
    requestID: word,
    readOnly: field(fc.constantFrom('true', 'false', '"true"')),
    resources: field(
      odd(
        fc.array(resource, { maxLength: 2 }),
        fc.array(odd(resource, fc.constantFrom('{}', 'null')), { maxLength: 3 }),
      ).map((items) => `[${items.join(',')}]`),
    ),
    vpcEndpointId: word,
    managementEvent: field(fc.constantFrom('true', 'false')),
    recipientAccountId: word,
    serviceEventDetails: freeForm('state'),
    eventContext: freeForm('requestContext'),
    tlsDetails: field(
      someOf({
        tlsVersion: odd(one('TLSv1.3', 'TLSv1.2'), text, 30),
        cipherSuite: word,
        clientProvidedHostHeader: word,
      }),
    ),
    timeWindow: field(someOf({ windowStart: time, windowEnd: time })),
  },
)
const file = fc.record({
  records: fc.array(record, { minLength: 1, maxLength: 8 }),
  wrapped: fc.constantFrom(
    ['{"Records":[', ',', ']}'],
    ['[', ', ', ']'],
    ['', '\n', '\n'],
    ['{"a":1,"Records": [', ',\n', '] ,"b":2}'],
  ),
  chunkBytes: fc.constantFrom(7, 100, 1000, 65_536, 65_536),
  flip: fc.option(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { freq: 12 }),
})

/** What is written from bytes is what is written from objects. */
export function bytesSuite() {
  const runs = process.env.FLOWFERRY_FAST_PATH === 'full' ? 6000 : 600

  test(`over ${runs} files of random records`, { timeout: 900_000 }, async () => {
    let records = 0
    let fast = 0
    await fc.assert(
      fc.asyncProperty(file, async ({ records: list, wrapped, chunkBytes, flip }) => {
        const [begin, between, end] = wrapped as readonly [string, string, string]
        const body = Buffer.from(begin + list.join(between) + end)
        if (flip) body[flip[0] % body.length] = flip[1]
        const counted = await compare(body, chunkBytes)
        records += counted.records
        fast += counted.fast
      }),
      { numRuns: runs },
    )
    console.log(`${records} records compared, ${fast} of them took the fast path`)
    expect(fast).toBeGreaterThan(records / 2)
  })

  const corpora = new URL('../../../../../shared/corpora/', import.meta.url)
  const manifest = new URL('manifest.json', corpora)
  const cases = existsSync(manifest)
    ? (JSON.parse(readFileSync(manifest, 'utf8')) as { type: string; input: string }[])
    : []
  if (cases.length === 0) console.warn(`skipped: the public CloudTrail samples are not at ${corpora.pathname}`)

  test.runIf(cases.length > 0)('over the public samples, as they are and without white space', async () => {
    let records = 0
    let fast = 0
    const samples = cases.filter(({ type }) => type === 'cloudtrail' || type === 'cloudtrail_fragment')
    for (const { input } of samples) {
      const body = readFileSync(new URL(input, corpora))
      await compare(body, 65_536)
      try {
        const counted = await compare(Buffer.from(JSON.stringify(JSON.parse(body.toString()))), 65_536)
        records += counted.records
        fast += counted.fast
      } catch (error) {
        // Several values in one file, gzip, or no JSON at all: compared as they are.
        if (!(error instanceof SyntaxError)) throw error
      }
    }
    console.log(`${records} samples compared, ${fast} of them took the fast path`)
    expect(samples.length).toBeGreaterThan(10)
    expect(fast).toBeGreaterThan(records / 2)
  })

  test('over more shapes than the engine keeps', { timeout: 120_000 }, async () => {
    const names = ['errorCode', 'errorMessage', 'apiVersion', 'requestID', 'userAgent', 'awsRegion', 'eventType']
    names.push('vpcEndpointId', 'recipientAccountId', 'eventCategory', 'sharedEventID', 'vpcEndpointAccountId')
    const list = Array.from({ length: 1 << names.length }, (_, bits) => {
      const there = names.filter((_, bit) => bits & (1 << bit)).map((name) => `"${name}":"${name} ${bits % 97}"`)
      return `{${[`"eventVersion":"1.08","eventID":"id-${bits}"`, ...there].join(',')}}`
    })
    const body = Buffer.from(`{"Records":[${[...list, ...list].join(',')}]}`)
    expect(await compare(body, 65_536)).toEqual({ records: list.length * 2, fast: list.length * 2 })
  })
}
