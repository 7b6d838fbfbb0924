import { existsSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fixtures } from '../../../../../test/support/fixtures.ts'
import { guardDuty } from '../../formats/guardduty.ts'
import { networkFirewall } from '../../formats/network-firewall.ts'
import { route53Resolver } from '../../formats/route53-resolver.ts'
import { waf } from '../../formats/waf.ts'
import type { Parser } from '../../types.ts'
import { compare, events } from './compare.suite.ts'

const odd = <T>(usual: fc.Arbitrary<T>, unusual: fc.Arbitrary<T>, one = 12) =>
  fc.oneof({ arbitrary: usual, weight: one }, { arbitrary: unusual, weight: 1 })

// Everything is JSON text, so that it can be what JSON.stringify never writes.
const text = odd(
  odd(
    fc.stringMatching(/^[ -~]{1,24}$/).map((value) => JSON.stringify(value)),
    fc.stringMatching(/^[ -~é/]{0,24}\/["\\/]?$/).map((value) => JSON.stringify(value).replaceAll('/', '\\/')),
    30,
  ),
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
      ...['sg-0a1', 'tgw-attach-0f', 'sg-', '-0a', 'x-0a', 'sg-0A', 'arn:aws:s3:::b', 'arn:aws-cn:iam::1:user/a b'].map(
        (id) => `"${id}"`,
      ),
      String.raw`"arn:aws:iam::1:role\/x"`,
      String.raw`"arn:aws:iam::1:role\x"`,
      '"arn:aws:iam::1:é"',
      '"arn:aws:sns:x:1"',
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
    fc.constantFrom(
      '0',
      '1.5',
      '-0.25',
      '100',
      '0.000001',
      '84.410596421',
      '0.0000882145',
      '123456789012345',
      '8999999999999999',
      '-1100000000000001',
    ),
  ),
  fc.oneof(
    fc.constantFrom(
      '-0',
      '1.0',
      '1e3',
      '1E5',
      '0.0000001',
      '12345678901234567890',
      '9007199254740993',
      '0.1234567890123456',
      '1234567890123456.5',
      '01',
      '1.',
      '-',
      '0.10',
      '-0.5e1',
    ),
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

/** A member that the table does not know, most of them one that can be learned. */
const unknown = fc.tuple(
  odd(
    fc.constantFrom('"newField"', '"newMember"', '"fieldB"', '"new_thing"', '"A"'),
    fc.oneof(
      fc.integer({ min: 0, max: 50 }).map((n) => `"field${n}"`),
      fc.constantFrom(
        '"new_field"',
        '"user_identity"',
        '"session_issuer"',
        '"kind"',
        '"__proto__"',
        '"a.b"',
        '"7"',
        '"é"',
      ),
      fc.constantFrom(`"${'l'.repeat(64)}"`, `"${'aB'.repeat(32)}"`, `"${'l'.repeat(65)}"`, '"constructor"', '"ARN"'),
    ),
    5,
  ),
  fc.oneof(scalar, tree, fc.constantFrom('{}', '[]', '[null]', '[1,"",{"aB":[2]}]', '{"a":null,"b":"c"}')),
)
const rarely = <T>(value: fc.Arbitrary<T>) => odd(fc.constant<T[]>([]), fc.array(value, { maxLength: 2 }), 15)

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
      rarely(unknown),
    )
    .map(([values, there, turn, between, behind, more]) => {
      const list = names.flatMap((key, i) => (there[i] ? [[JSON.stringify(key), values[i]!] as const] : []))
      list.splice(list.length / 2, 0, ...more)
      // Three quarters of them keep AWS's order.
      const turned = turn < list.length ? [...list.slice(turn), ...list.slice(0, turn)] : list
      return objectOf(turned, between, behind)
    })
}

const identity = someOf({
  type: one('AssumedRole', 'IAMUser', 'Root'),
  principalId: fc.oneof(
    word,
    word.map((name) => name.replace(/^"/, '"AROA2XYZ:')),
  ),
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
      odd(fc.constant(''), fc.constantFrom('"kind":"x",', '"digestStartTime":1,', '"eventVersion":"1",'), 40),
      rarely(unknown),
    )
    .map(([at, own, extra, more]) => {
      const front = more.map(([key, value]) => `${key}:${value},`).join('')
      return `${front}${extra}"eventTime":${at},"eventType":"AwsApiCall","eventID":${own}`
    }),
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

  test('over the files of test/fixtures in chunks from a byte', { timeout: 120_000 }, async () => {
    let records = 0
    let fast = 0
    for (const { text, parser, name, expected } of fixtures.filter(({ name }) => name.endsWith('.json')))
      for (const chunkBytes of [1, 997]) {
        const counted = await compare(Buffer.from(text), chunkBytes, parser)
        expect(counted.records, name).toBe(expected.length)
        records += counted.records
        fast += counted.fast
      }
    console.log(`${records} records compared, ${fast} of them took the fast path`)
    // Each is there for what is odd in it.
    expect(fast).toBeGreaterThan(records / 3)
  })

  const parserOf: Readonly<Record<string, Parser<unknown>>> = {
    cloudtrail: events,
    cloudtrail_fragment: events,
    networkfirewall: networkFirewall,
    waf,
    route53_resolver: route53Resolver,
    guardduty: guardDuty,
  }
  const corpora = new URL('../../../../../../shared/corpora/', import.meta.url)
  const manifest = new URL('manifest.json', corpora)
  const cases = existsSync(manifest)
    ? (JSON.parse(readFileSync(manifest, 'utf8')) as { type: string; input: string }[])
    : []
  if (cases.length === 0) console.warn(`skipped: the public samples are not at ${corpora.pathname}`)

  test.runIf(cases.length > 0)(
    'over the public samples, as they are and without white space',
    { timeout: 60_000 },
    async () => {
      let records = 0
      let fast = 0
      const samples = cases.flatMap(({ type, input }) => {
        const parser = parserOf[type]
        return parser ? [{ input, parser }] : []
      })
      for (const { input, parser } of samples) {
        const body = readFileSync(new URL(input, corpora))
        await compare(body, 65_536, parser)
        try {
          const counted = await compare(Buffer.from(JSON.stringify(JSON.parse(body.toString()))), 65_536, parser)
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
    },
  )

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
