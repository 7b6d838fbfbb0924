import { expect, test } from 'vitest'
import { derive, family, optional, present } from '../../schema/derive.ts'
import { ip, keyword } from '../../schema/fields.ts'
import { layoutTree } from '../../schema/layout.ts'
import { fieldsOf } from './fields-of.ts'

const tree = layoutTree({
  constants: { 'event.kind': 'event' },
  fields: {
    from: ip(['source.ip', 'related.ip[]'], ''),
    to: ip(['destination.ip', 'related.ip[]'], ''),
    word: keyword(['custom.word'], ''),
  },
  cases: [{ when: { field: 'word', value: 'x' }, constants: { 'event.type': ['info'] }, fields: {} }],
  derived: [
    derive('network.type', [family('from'), family('to')], () => 'ipv4'),
    derive('event.outcome', [present('word'), optional('to')], () => 'success'),
    derive('event.action', ['word'], () => 'x'),
  ],
})

test.each([
  [[], []],
  [['from'], ['source.ip', 'related.ip']],
  [['word'], ['custom.word', 'event.action']],
  [
    ['from', 'to'],
    ['source.ip', 'related.ip', 'destination.ip', 'network.type'],
  ],
])('lines with %j have constants, what is asked of absent fields, and %j', (there, fields) => {
  const always = ['event.kind', 'event.type', 'event.outcome']
  expect([...fieldsOf(tree, new Set(there))].sort()).toEqual([...always, ...fields].sort())
})
