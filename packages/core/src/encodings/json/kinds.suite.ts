import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Derived, derive, family, optional, present, sessionEmail, sessionName } from '../../schema/derive.ts'
import { dnsName, hostName, reverseAddress, valuesWhere } from '../../schema/dns.ts'
import {
  type AnyField,
  boolean,
  code,
  double,
  encoded,
  encodedTwice,
  epochMilliseconds,
  epochSeconds,
  ip,
  iso8601,
  keyword,
  long,
} from '../../schema/fields.ts'
import { format, when } from '../../schema/format.ts'
import { flat, freeForm, objects, pairs } from '../../schema/objects.ts'
import { extensionOf } from '../../schema/parts.ts'
import { typed } from '../../schema/targets.ts'
import { compare } from './compare.suite.ts'
import { json } from './json.ts'

const odd = <T>(usual: fc.Arbitrary<T>, unusual: fc.Arbitrary<T>, one = 40) =>
  fc.oneof({ arbitrary: usual, weight: one }, { arbitrary: unusual, weight: 1 })
const any = (...values: string[]) => fc.constantFrom(...values)
const quoted = (value: fc.Arbitrary<unknown>) => value.map((one) => JSON.stringify(String(one)))

const text = odd(
  fc.stringMatching(/^[ -~é]{1,12}$/).map((value) => JSON.stringify(value)),
  any('""', '"a\\/b"', '"\\u0041"', '5', 'true', '"%41"', 'null'),
  80,
)
const wrong = fc.oneof(text, any('[]', '{}', '["a"]', '{"a":1}', '[1,2]', '-1', '1.50', '"-"', '"NaN"', '[{"a":"b"}]'))
const whole = odd(
  fc.oneof(fc.nat().map(String), quoted(fc.nat()), any('0', '"0"', '"123456789012345"', '-5')),
  any('9007199254740991', '"007"', '"-5"', '1.5'),
)
const seconds = fc.oneof(fc.integer({ min: 0, max: 2_000_000_000 }), fc.constantFrom(0, 253_402_300_799, 951_782_400))
const time = fc
  .tuple(
    fc.date({ min: new Date('1970-01-02'), max: new Date('9990-01-01'), noInvalidDate: true }),
    any('Z', '', '+0000', '-02:30', '+14:00'),
    any('T', ' '),
    any('', '.', '.1', '.12', '.123', '.123456789', ',5'),
    fc.boolean(),
  )
  .map(([date, zone, between, fraction, basic]) => {
    const iso = `${date.toISOString().slice(0, 19).replace('T', between)}${fraction}${zone}`
    return JSON.stringify(basic ? iso.replace(/-(\d\d)-(\d\d)([T ])(\d\d):(\d\d):/, '$1$2$3$4$5') : iso)
  })
const address = quoted(
  any('192.0.2.1', '10.0.0.1', '2001:db8::1', 'example.com', '1.2.3.256', 'fe80::1%eth0', '01.2.3.4'),
)
const tree = odd(
  any('{"a":1}', '{"a":{"b":[1,"x",null]},"in":"y"}', '{"in":7,"c":{}}', '{"in":"z"}', '{"a":""}'),
  fc.constant('{"in":"\\/"}'),
)
const named = any('{"name":"Host","value":"a"}', '{"name":"user-agent","value":"b"}', '{"value":"c","name":"X-é"}')

interface Kind {
  readonly field: (target: string, options: { spelled?: string[]; absent?: string[] }) => AnyField
  readonly values: fc.Arbitrary<string>
  /** Whether its values may go to a list with texts. */
  readonly isText?: true
}
type Target = 'custom.x'
const of = (target: string) => [target as Target]
const kinds: Record<string, Kind> = {
  keyword: { field: (target, options) => keyword(of(target), '', options), values: text, isText: true },
  keywords: {
    field: (target) => keyword(of(target), ''),
    values: odd(
      fc.array(text, { minLength: 1, maxLength: 2 }).map((items) => `[${items.join()}]`),
      text,
      3,
    ),
    isText: true,
  },
  ip: {
    field: (target, options) => ip([target as Target, typed(`${target}_ip` as Target, 'ip')], '', options),
    values: address,
    isText: true,
  },
  encoded: { field: (target) => encoded(of(target), ''), values: quoted(any('a%20b', 'plain', '%', '%2520', 'é%41')) },
  twice: { field: (target) => encodedTwice(of(target), ''), values: quoted(any('a%20b', 'a%2520b', 'plain')) },
  long: { field: (target, options) => long(of(target), '', options), values: whole },
  code: { field: (target, options) => code(of(target), '', options), values: whole },
  double: {
    field: (target) => double([target as Target, typed(`${target}_text` as Target, 'keyword')], ''),
    values: fc.oneof(whole, odd(any('1.5', '"2.25"', '-0.5', '"-0.5"', '0.1'), any('1e3', '"1.50"'))),
  },
  seconds: {
    field: (target) => epochSeconds([target as Target, typed(`${target}_n` as Target, 'long')], ''),
    values: odd(fc.oneof(seconds.map(String), quoted(seconds)), any('-1', '253402300800')),
  },
  milliseconds: {
    field: (target) => epochMilliseconds([target as Target, typed(`${target}_n` as Target, 'keyword')], ''),
    values: fc.oneof(
      seconds.map((value) => String(value * 100 + 7)),
      quoted(seconds.map((value) => value * 1000 + 999)),
    ),
  },
  time: { field: (target) => iso8601(of(target), ''), values: odd(time, any('"2025-02-30T00:00:00Z"', '"x"')) },
  boolean: {
    field: (target) => boolean(of(target), ''),
    values: odd(any('true', 'false', '"true"'), any('"False"', '"no"')),
  },
  flat: {
    field: (target) => flat(target as Target, ''),
    values: odd(
      tree,
      fc.array(tree, { maxLength: 2 }).map((items) => `[${items.join()}]`),
      3,
    ),
  },
  freeForm: { field: (target) => freeForm(target as Target, `${target}_flat` as Target, ''), values: tree },
  objects: {
    field: (target) =>
      objects(target as Target, '', {
        members: { A: 'a', b: 'b' },
        identity: ['a'],
        dotless: ['b'],
        rest: `${target}_rest` as Target,
      }),
    values: fc
      .array(
        any(
          '{"A":"x"}',
          '{"A":"x.","b":"y."}',
          '{"A":"x","b":"10.0.0.1."}',
          '{"A":"x.","b":"2001:db8::1"}',
          '{"A":"x","b":"."}',
          '{"b":"."}',
          '{"A":"x","b":"y"}',
          '{"b":"z"}',
          '{"A":"x_y"}',
          '{"C":"n"}',
          '{"A":1}',
        ),
        {
          maxLength: 3,
        },
      )
      .map((items) => `[${items.join()}]`),
  },
  pairs: {
    field: (target) =>
      pairs(target as Target, '', {
        pick: {
          host: { domain: [`${target}_host` as Target], port: [typed(`${target}_port` as Target, 'long')] },
          'user-agent': `${target}_agent` as Target,
        },
      }),
    values: fc
      .array(
        odd(
          named,
          any(
            '{"name":"HOST","value":"d"}',
            '{"name":"host","value":"d:8443"}',
            '{"name":"host","value":"[2001:db8::1]:443"}',
            '{"name":"host","value":"2001:db8::1"}',
            '{"name":"host","value":":"}',
            '{"name":"7","value":"n"}',
            '{"name":"e"}',
            '{"name":"e","other":"x"}',
            '{}',
          ),
        ),
        {
          maxLength: 3,
        },
      )
      .map((items) => `[${items.join()}]`),
  },
  addresses: { field: (target) => ip([typed(`${target}_ip` as Target, 'ip')], ''), values: address, isText: true },
  fitting: {
    field: () => keyword([], '', { fits: (one) => one.startsWith('v') }),
    values: odd(any('"v1"', '"v2"', '["v1","v2"]'), any('"odd"', '["v1","odd"]', '7'), 6),
    isText: true,
  },
  principal: {
    field: (target) => keyword(of(target), ''),
    values: odd(
      fc.oneof(
        text.map((name) => name.replace(/^"/, '"AROA2X:')),
        text.map((name) => name.replace(/^"/, '"123456789012:')),
        any('"AIDA2:a"', '"AROA2"', '"AROA2:a@b"', '"AROA2:@"', '"/a.tar.gz"', '"/a%2Eb.c1"', '"/v1.2"'),
      ),
      any('["AROA2:a"]', '"AROA2:a\\/b"', '123456789012'),
    ),
    isText: true,
  },
  dns: {
    field: (target) => keyword(of(target), ''),
    values: odd(
      fc.oneof(
        any('"a.example."', '"."', '"b.example"', '".."', '"é."', '"a\\"."', '"x.arpa.example"', '"arpa."'),
        any('"7.2.0.192.in-addr.arpa."', '"IN-ADDR.ARPA"', '".arpa"', `"1.${'0.'.repeat(30)}2.ip6.arpa"`),
      ),
      any('["a.","7.2.0.192.in-addr.arpa"]', '"a\\/b."', '"\\u002e"', '5'),
    ),
    isText: true,
  },
  own: {
    field: (target) => ({
      ...keyword(of(target), ''),
      read: (value: unknown) => (typeof value === 'string' && value.length > 3 ? value.slice(1) : undefined),
    }),
    values: quoted(any('abcd', 'abcde', 'a b c')),
  },
}
const kindNames = Object.keys(kinds)

/** Where a field stands: at the top, in objects, in a list of objects. */
const paths = ['f0', 'f1', 'f2', 'f3', 'f4', 'o.f5', 'o.f6', 'o.p.f7', '[d.t].f8', 'd-h', 'l[].name', 'l[].other']

interface FieldPlan {
  readonly path: string
  readonly kind: string
  readonly more: 'none' | 'spelled' | 'absent' | 'first' | 'list'
  readonly case: number
}
const plans = fc.subarray(paths, { minLength: 2, maxLength: 6 }).chain((chosen) =>
  fc.tuple(
    ...chosen.map((path) =>
      fc.record<FieldPlan>({
        path: fc.constant(path),
        kind: path.startsWith('l[]')
          ? fc.oneof({ arbitrary: any('keyword'), weight: 15 }, any('long'))
          : any(...kindNames),
        more: fc.constantFrom('none', 'none', 'spelled', 'absent', 'first', 'list'),
        case: fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2),
      }),
    ),
  ),
)

const derivedPlans = fc.array(
  fc.record({
    inputs: fc.array(fc.tuple(fc.nat(), fc.constantFrom('value', 'family', 'present', 'optional', 'inside')), {
      minLength: 1,
      maxLength: 3,
    }),
    list: fc.boolean(),
    two: fc.boolean(),
    named: fc.boolean(),
  }),
  { maxLength: 3 },
)

function derivedOf(plan: readonly FieldPlan[], list: typeof derivedPlans extends fc.Arbitrary<infer L> ? L : never) {
  const single = plan.filter(({ path }, n) => n < 2 || !path.startsWith('l[]'))
  return list.map(({ inputs, list, two, named }, n): Derived => {
    const given = inputs.map(([at, is]) => {
      const { path, kind } = single[at % single.length]!
      if (is === 'inside' && kind === 'freeForm') return optional(`${path}.in`)
      if (is === 'family' && kinds[kind]!.isText) return family(path)
      return is === 'present' ? present(path) : is === 'optional' ? optional(path) : path
    })
    const compute = (...values: unknown[]) => {
      const texts = values.map((value) => (value === undefined ? 'none' : JSON.stringify(value)))
      if (texts.join().length % 5 === 0) return undefined
      return list ? [...texts, 'x', texts[0]!] : texts.join()
    }
    const target = `custom.derived.d${n}${list ? '[]' : ''}` as Target
    if (named) {
      const [input] = given
      const { kind } = plan.find(({ path }) => path === input) ?? {}
      if (kind === 'objects') {
        const values = { value: 'b', where: 'A', is: ['x', 'x.', 'gone'], addresses: two }
        return derive(`custom.derived.d${n}[]`, [input!], valuesWhere(values) as typeof compute)
      }
      const known =
        kind && kinds[kind]!.isText
          ? [dnsName, hostName, reverseAddress, sessionName, sessionEmail, extensionOf]
          : [sessionName]
      return derive(target, [input!], known[inputs[0]![0] % known.length] as typeof compute)
    }
    if (!two) return derive(target, given, compute)
    const other = `custom.other.d${n}` as Target
    return derive([target, other], given, (...values) => ({
      [`custom.derived.d${n}`]: compute(...values),
      [other]: values.length === 2 ? 'two' : undefined,
    }))
  })
}

function formatOf(plan: readonly FieldPlan[], derived: readonly Derived[]) {
  const fieldOf = ({ path, kind, more }: FieldPlan, n: number): AnyField => {
    const { field, isText } = kinds[kind]!
    const options = {
      ...(more === 'spelled' && { spelled: [path.replace(/[^.]+$/, `s${n}`)] }),
      ...(more === 'absent' && { absent: ['-', '-1', '5'] }),
    }
    const made = field(`custom.t.f${n}`, options)
    if (path.startsWith('l[]'))
      return {
        ...made,
        targets: [`custom.t.f${n}[]`, ...(more === 'list' && isText ? [typed('custom.a.list[]', 'keyword')] : [])],
      }
    if (more === 'first' && isText) return { ...made, targets: [...made.targets, typed('custom.first', 'keyword')] }
    if (more === 'list' && isText) return { ...made, targets: [typed('custom.a.list[]', 'keyword'), ...made.targets] }
    return kind.endsWith('seconds') || kind === 'time' ? { ...made, targets: ['@timestamp', ...made.targets] } : made
  }
  const inCase = (wanted: number) =>
    Object.fromEntries(plan.flatMap((one, n) => (one.case === wanted ? [[one.path, fieldOf(one, n)]] : [])))
  return format({
    kind: 'any',
    dataset: 'custom.any',
    root: 'custom.any',
    constants: { 'event.kind': 'event', 'custom.a.list': ['x'] },
    first: ['custom.first' as Target],
    fields: { type: keyword(['custom.type'], ''), ...inCase(0) },
    cases: [
      when('type', { one: { constants: { 'custom.case': 'first' }, fields: inCase(1) }, two: { fields: inCase(2) } }),
    ],
    derived: () => derived,
    encodings: [json({ records: 'each' })],
  })
}

type Members = Map<string, string | Members>

function textOf(members: Members): string {
  return `{${[...members].map(([name, value]) => `${JSON.stringify(name)}:${typeof value === 'string' ? value : textOf(value)}`).join()}}`
}

/** A record of the plan's fields, of which some are absent or odd. */
function recordOf(plan: readonly FieldPlan[]) {
  const values = plan.map(({ kind }) => odd(kinds[kind]!.values, wrong, 300))
  return fc
    .tuple(
      any('"one"', '"two"', '"three"', '1'),
      fc.tuple(...values),
      fc.array(fc.integer({ min: 0, max: 5 }), { minLength: plan.length, maxLength: plan.length }),
      odd(
        fc.constant(''),
        fc.oneof({ arbitrary: any('"new":1,', '"aB":{"c":[null]},'), weight: 9 }, any('"kind":1,', '"7":1,')),
        8,
      ),
      fc.array(fc.tuple(text, text, odd(fc.constant(''), any(',"new":"x"', ',"aB":null'), 9)), { maxLength: 3 }),
    )
    .map(([type, given, there, more, elements]) => {
      const top: Members = new Map()
      const names = new Set(plan.flatMap(({ path }) => (path.startsWith('l[]') ? [path.slice(4)] : [])))
      plan.forEach(({ path, more: option }, n) => {
        if (there[n] === 0 || path.startsWith('l[]')) return
        const parts = [...path.matchAll(/\[([^\]]+)\]|([^.[\]]+)/g)].map(([, quoted, plain]) => quoted ?? plain!)
        const last = parts.pop()!
        let at = top
        for (const part of parts) {
          const inner = (at.get(part) as Members | undefined) ?? new Map()
          at.set(part, inner)
          at = inner
        }
        at.set(option === 'spelled' && there[n] === 1 ? `s${n}` : last, given[n]!)
      })
      if (names.size > 0 && elements.length > 0)
        top.set(
          'l',
          `[${elements.map(([a, b, more]) => `{${[...names].map((name, i) => `"${name}":${i === 0 ? a : b}`).join()}${more}}`).join()}]`,
        )
      return `{"type":${type},${more}${textOf(top).slice(1)}`.replace(/,\}$/, '}')
    })
}

const principals = format({
  kind: 'any',
  dataset: 'custom.any',
  root: 'custom.any',
  constants: {},
  fields: { id: keyword(['custom.a', 'custom.b'], '') },
  derived: (derive) => [
    derive('custom.c', ['id'], sessionName),
    derive('custom.d', ['id'], sessionName),
    derive('custom.e[]', ['id'], sessionName),
    derive('custom.f', ['id'], sessionEmail),
    derive('custom.g', ['id'], extensionOf),
  ],
  encodings: [json({ records: 'each' })],
})

/** Tables of all kinds of fields, in all places: what is written from bytes is what is written from objects. */
export function kindsSuite() {
  const runs = process.env.FLOWFERRY_FAST_PATH === 'full' ? 6000 : 800

  test(`over ${runs} tables of all kinds of fields`, { timeout: 900_000 }, async () => {
    let records = 0
    let fast = 0
    const file = fc.tuple(plans, derivedPlans).chain(([plan, derived]) =>
      fc.record({
        plan: fc.constant(plan as FieldPlan[]),
        derived: fc.constant(derived),
        list: fc.array(recordOf(plan as FieldPlan[]), { minLength: 1, maxLength: 12 }),
        chunkBytes: fc.constantFrom(100, 65_536, 65_536),
      }),
    )
    await fc.assert(
      fc.asyncProperty(file, async ({ plan, derived, list, chunkBytes }) => {
        const parser = formatOf(plan, derivedOf(plan, derived))
        const counted = await compare(Buffer.from(list.join('\n')), chunkBytes, parser)
        records += counted.records
        fast += counted.fast
      }),
      { numRuns: runs },
    )
    console.log(`${records} records of any table compared, ${fast} of them took the fast path`)
    expect(fast).toBeGreaterThan(records / 3)
  })

  test('over what only another case takes for an absent value', async () => {
    const parser = formatOf(
      [
        { path: 'f0', kind: 'long', more: 'absent', case: 2 },
        { path: 'f1', kind: 'keyword', more: 'absent', case: 0 },
      ],
      [],
    )
    const records = ['one', 'two'].flatMap((type) =>
      ['-1', '"-1"', '"-"', '5', '"5"', '15'].map((value) => `{"type":"${type}","f0":${value},"f1":${value}}`),
    )
    expect(await compare(Buffer.from(records.join('\n')), 65_536, parser)).toMatchObject({ records: 12 })
  })

  test('over names of sessions, what is none, and one that is nearly all of its record', async () => {
    const ids = [
      'AROA2X:a',
      'AROA:é/"',
      'AROA2X:a:b',
      'AROA:',
      'AROA2X',
      'AROAx:a',
      'AIDA2X:a',
      'AROB:a',
      'AROA-:a',
      ':a',
    ]
    ids.push('123456789012:a', '123456789012:', '1234567890123:a', '12345678901:a', '12345678901A:a', 'A23456789012:a')
    ids.push('AROA2X:a@b', 'AROA2X:é@b', 'AROA2X:@', 'AROA2X:@b', 'AROA2X:a@', 'AROA2X:a@b@c', 'AIDA2X:a@b', 'a@b')
    ids.push('/a.html', '/a.GZ', '/v1.2', '/a.', '.a', 'a', '/a%2Eb', '/a.%41', '/a.b/c', '/é.jpg', '/a.jpé')
    for (const length of [15, 16, 17, 18, 19, 20]) ids.push(`/a.${'b'.repeat(length)}`, `/a%2E${'b'.repeat(length)}`)
    ids.push(`AROA2X:${'x'.repeat(8000)}`)
    const body = Buffer.from(ids.map((id) => JSON.stringify({ id })).join('\n'))
    expect(await compare(body, 65_536, principals)).toEqual({ records: ids.length, fast: ids.length })
  })

  test('over names of pairs as long as a path may be, and longer', async () => {
    const parser = formatOf([{ path: 'f0', kind: 'pairs', more: 'absent', case: 0 }], [])
    const lengths = [1997, 1998, 1999, 2000, 2001]
    const records = lengths.map((length) => {
      const pairs = [
        { name: 'a', value: 'b' },
        { name: 'l'.repeat(length), value: 'c' },
      ]
      return JSON.stringify({ type: 'one', f0: pairs })
    })
    expect(await compare(Buffer.from(records.join('\n')), 65_536, parser)).toEqual({ records: 5, fast: 2 })
  })
}
