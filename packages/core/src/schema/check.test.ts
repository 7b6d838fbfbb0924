import { expect, test } from 'vitest'
import { delimited } from '../encodings/delimited/delimited.ts'
import { derive, family, optional } from './derive.ts'
import { epochSeconds, ip, keyword, long } from './fields.ts'
import { format, when } from './format.ts'
import { typed } from './targets.ts'

const base = {
  kind: 'x',
  dataset: 'custom.x',
  root: 'custom.x',
  constants: {},
  fields: { t: epochSeconds(['@timestamp'], ''), 'a.b': keyword(['source.address'], '') },
  encodings: [delimited({ delimiter: ' ' })],
}
/** A declaration as JavaScript may give it. */
const declare = (more: object) => format({ ...base, ...more } as never)
const fieldsOf = (fields: object) => ({ fields: { ...base.fields, ...fields } })
const derived = (...given: Parameters<typeof derive>) => ({ derived: () => [derive(...given)] })

test('a declaration without fault is taken', () => {
  expect(() => declare({})).not.toThrow()
  expect(() => declare({ constants: { 'event.type': ['info'] }, first: ['user.name'], cases: [] })).not.toThrow()
  expect(() => declare(fieldsOf({ 'l[].name': keyword(['labels.name[]', 'event.type[]'], '') }))).not.toThrow()
  expect(() => declare(derived('event.outcome', [optional('a.b.c')], () => 'x'))).not.toThrow()
})

const both = { a: keyword(['user.name'], ''), b: keyword(['user.name'], '') }

test.each<[object, string]>([
  // Members
  [{ constants: undefined }, "constants is undefined; it takes an object of the document's constants; {} for none"],
  [{ constants: { 'event.kind': undefined } }, 'constants has undefined for event.kind; it takes text'],
  [{ constants: { 'event.type': ['info', 1] } }, 'constants has object for event.type; it takes text, or a list'],
  [{ fields: undefined }, "fields is undefined; it takes an object of AWS's names and their fields"],
  [{ fields: [keyword([], '')] }, 'fields is object; it takes'],
  [fieldsOf({ x: 'keyword' }), "fields has x, which is no field: keyword([…], '…')"],
  [fieldsOf({ x: keyword }), 'fields has x, which is no field'],
  [fieldsOf({ x: keyword('user.name' as never, '') }), "x has no list of targets: keyword(['source.domain'], '…')"],
  [{ feilds: {} }, 'format() takes no member "feilds"; is it "fields"?; its members are kind, dataset'],
  [{ delimiter: ' ' }, 'format() takes no member "delimiter"; its members are'],
  [{ encodings: undefined }, 'encodings is undefined; it takes a list of one or more'],
  [{ encodings: [] }, 'encodings is object; it takes a list of one or more'],
  [{ encodings: [delimited] }, 'encodings has function, which is no encoding: delimited({…}), json({…})'],
  [{ encodings: ['json'] }, 'encodings has string, which is no encoding'],
  [{ first: 'user.name' }, 'first is string; it takes a list of targets'],
  [{ taken: 'error' }, 'taken is string; it takes a list of names below the root'],
  [{ first: ['user.nam'] }, 'first has "user.nam", which is no field of ECS that is known here; is it "user.name"?'],
  [{ derived: [] }, 'derived is object; it takes (derive) => [derive(…)]'],
  [{ derived: () => 1 }, 'derived is 1; it takes a function that gives a list of derive(…)'],
  [{ derived: () => ['x'] }, 'derived gives string, which is no derive(…)'],
  [{ cases: { t: {} } }, 'cases is object; it takes a list of when(…)'],
  [{ cases: [{ fields: {} }] }, 'cases has object, which is no when(…)'],
  [{ cases: [when('a.b', { c: { fields: { x: 'text' } as never } })] }, 'fields has x, which is no field'],
  [{ root: undefined }, 'root is "undefined"; it takes aws.… or custom.…, in lower case'],
  [{ root: 'source' }, 'root is "source"; it takes aws.'],
  [{ root: 'aws.VpcFlow' }, 'root is "aws.VpcFlow"; it takes aws.… or custom.…, in lower case'],
  [{ kind: '' }, 'kind is string; it takes the name that tells the records apart'],
  [{ kind: undefined }, 'kind is undefined'],
  [{ dataset: 'Custom' }, 'dataset "Custom" is no part of a data stream\'s name'],
  [{ dataset: undefined }, 'dataset "undefined"'],
  [{ archive: [{}] }, 'archive is object; it takes'],

  // Targets
  [
    fieldsOf({ x: keyword(['source.adress' as never], '') }),
    'x fills "source.adress", which is no field of ECS that is known here; is it "source.address"?; others begin with aws., labels. or custom.',
  ],
  [fieldsOf({ x: keyword(['labels' as never], '') }), 'x fills "labels", which is no field of ECS'],
  [
    { constants: { 'event.kin': 'event' } },
    'constants fills "event.kin", which is no field of ECS that is known here; is it "event.kind"?',
  ],
  [
    fieldsOf({ x: keyword(['@timestamp'], '') }),
    'x is string, and @timestamp takes date: iso8601(), epochSeconds() or epochMilliseconds()',
  ],
  [fieldsOf({ x: long(['source.ip'], '') }), 'x is integer, and source.ip takes ip: ip()'],
  [fieldsOf({ x: keyword(['source.port'], '') }), 'x is string, and source.port takes long: long()'],
  [fieldsOf({ x: keyword([typed('labels.x', 'boolean')], '') }), 'x is string, and labels.x takes boolean: boolean()'],
  [fieldsOf(both), 'a and b both fill user.name; put it into `first` where the first of them that is present counts'],
  [{ constants: { 'user.name': 'x' }, ...fieldsOf({ a: both.a }) }, 'constants and a both fill user.name'],
  [
    fieldsOf({ a: keyword(['user.name', 'user.name[]'], '') }),
    'The table uses user.name both as a value and as a list',
  ],
  [
    fieldsOf({ a: keyword(['labels.a', 'labels.a.b'], '') }),
    'The table uses labels.a both as a value and as a list or an object',
  ],
  [fieldsOf({ a: keyword(['custom.x'], '') }), 'The table uses custom.x both as a value and as a list or an object'],
  [
    fieldsOf({ a: keyword([typed('source.ip', 'keyword')], '') }),
    'a maps source.ip as keyword, and ECS as ip; give it another target',
  ],
  [
    derived(typed('event.duration', 'keyword'), ['a.b'], () => 'x'),
    'the derived value of a.b maps event.duration as keyword, and ECS as long',
  ],
  [
    fieldsOf({ a: keyword(['labels.l[]'], ''), b: long(['labels.l[]'], '') }),
    'b maps labels.l as long, and a as keyword',
  ],
  [
    { ...fieldsOf({ a: both.a }), ...derived('user.name', ['a'], () => 'x') },
    'a and the derived value of a both fill user.name',
  ],
  // Aliases
  [
    fieldsOf({ x: keyword(['user.id'], '', { aliases: ['user.nam' as never] }) }),
    'x has the alias "user.nam", which is no field of ECS that is known here; is it "user.name"?',
  ],
  [
    fieldsOf({ x: keyword([], '', { aliases: ['user.name'] }) }),
    'x has aliases and no target that they could stand for',
  ],
  [
    fieldsOf({ x: keyword(['labels.l[]'], '', { aliases: ['user.name'] }) }),
    'x has aliases, and its first target, labels.l, is a list',
  ],
  [
    fieldsOf({ x: epochSeconds(['@timestamp'], '', { aliases: ['event.end'] }), t: long([], '') }),
    "x has aliases, and its first target, @timestamp, may be the object's time",
  ],
  [
    { first: ['user.name'], ...fieldsOf({ ...both, a: keyword(['user.name'], '', { aliases: ['user.id'] }) }) },
    'a is not the only one that fills user.name, of which user.id would be an alias',
  ],
  [
    fieldsOf({ x: long(['network.bytes'], '', { aliases: ['labels.y' as never, 'event.id'] }) }),
    'x has the alias event.id, which is keyword, for network.bytes, which is long',
  ],
  [
    fieldsOf({ x: keyword(['user.id'], '', { aliases: ['source.address'] }) }),
    'x has the alias source.address, which a.b fills',
  ],
  [
    fieldsOf({
      x: keyword(['user.id'], '', { aliases: ['user.name'] }),
      y: keyword(['event.id'], '', { aliases: ['user.name'] }),
    }),
    'y has the alias user.name, which x fills',
  ],
  [
    fieldsOf({ x: keyword(['user.id'], '', { aliases: ['related.user'] }) }),
    'x has the alias related.user, of which ECS makes a list',
  ],
  [fieldsOf({ x: keyword(['event.type'], '') }), 'x fills event.type, of which ECS makes a list: event.type[]'],
  [
    derived('related.hosts', ['a.b'], () => 'x'),
    'the derived value of a.b fills related.hosts, of which ECS makes a list: related.hosts[]',
  ],
  [
    { constants: { 'event.category': 'web' } },
    "constants fills event.category, of which ECS makes a list: event.category: ['…']",
  ],
  [
    fieldsOf({ 'l[].name': keyword(['labels.name'], '') }),
    'l[].name is a field of each object in a list, and labels.name takes one value: labels.name[]',
  ],

  // Names
  [fieldsOf({ a: keyword([], '', { spelled: ['t'] }) }), "a is spelled t, and so is t; a name is one field's"],
  [
    fieldsOf({ a: keyword([], '', { spelled: ['c'] }), b: keyword([], '', { spelled: ['c'] }) }),
    'b is spelled c, and so is a',
  ],
  [
    derived('event.outcome', ['a.c'], () => 'x'),
    'The derived value event.outcome reads "a.c", which is no field; is it "a.b"?',
  ],
  [derived('event.outcome', [family('addr')], () => 'x'), 'reads "addr", which is no field'],
  [
    derived('event.outcome', [], () => 'x'),
    'The derived value event.outcome reads no field; name its inputs in a list',
  ],
  [derived('event.outcome', 'a.b' as never, () => 'x'), 'The derived value event.outcome reads no field'],
  [derived([], ['a.b'], () => 'x'), 'has no target: a name, or a list'],
  [derived(undefined as never, ['a.b'], () => 'x'), 'has no target: a name, or a list'],
  [derived('event.outcome', ['a.b'], 'x' as never), 'The derived value event.outcome has string for a function'],
  [
    derived('event.outcome', ['a.b'], async () => 'x'),
    'The derived value event.outcome is async, and nothing is awaited',
  ],
  [
    derived('event.outcom' as never, ['a.b'], () => 'x'),
    'fills "event.outcom", which is no field of ECS that is known here; is it "event.outcome"?',
  ],
  [{ cases: [when('ab', { c: {} })] }, 'when() asks for "ab", which is no field; is it "a.b"?'],
  [{ cases: [when('a.b', { c: { fields: { n: long(['source.ip'], '') } } })] }, 'n is integer, and source.ip takes ip'],
])('%j is refused: %s', (more, message) => {
  const error = (() => {
    try {
      declare(more)
      return undefined
    } catch (error) {
      return error as Error
    }
  })()
  expect(error).toMatchObject({ code: 'INVALID_OPTION' })
  expect(error?.message).toContain(message)
})

test('fields of cases that exclude each other may fill one target; those that may meet may not', () => {
  const named = (name: string) => ({ fields: { [name]: keyword(['user.name'], '') } })
  expect(() => declare({ cases: [when('a.b', { one: named('c'), two: named('d') })] })).not.toThrow()
  expect(() => declare({ cases: [when('a.b', { one: named('c') }), when('t', { two: named('d') })] })).toThrow(
    'c and d both fill user.name',
  )
  expect(() => declare({ ...fieldsOf({ a: both.a }), cases: [when('a.b', { one: named('c') })] })).toThrow('both fill')
})

test('what stands in `first` may be filled by several, @timestamp always', () => {
  const times = { t2: epochSeconds(['@timestamp'], '') }
  expect(() => declare({ ...fieldsOf({ ...both, ...times }), first: ['user.name'] })).not.toThrow()
})

test('one spelling in several tables is one field', () => {
  const spelled = { c: ip([], '', { spelled: ['C'] }) }
  const cases = [when('a.b', { one: { fields: spelled }, two: { fields: spelled } })]
  expect(() => declare({ cases })).not.toThrow()
})
