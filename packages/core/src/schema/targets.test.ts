import { expect, test } from 'vitest'
import { keywordMapping, requireTarget, typed, useOf } from './targets.ts'

test.each([
  // ECS's type counts where ECS has the field, the field's own elsewhere, a target's own before both.
  ['source.ip', { path: 'source.ip', list: false, mapping: { type: 'ip' } }],
  ['related.ip[]', { path: 'related.ip', list: true, mapping: { type: 'ip' } }],
  ['user.name', { path: 'user.name', list: false, mapping: keywordMapping }],
  ['labels.x', { path: 'labels.x', list: false, mapping: { type: 'long' } }],
  [typed('labels.x[]', 'boolean'), { path: 'labels.x', list: true, mapping: { type: 'boolean' } }],
  [typed('labels.x', 'keyword'), { path: 'labels.x', list: false, mapping: keywordMapping }],
  [
    { target: 'labels.x[]', mapping: { type: 'flattened' }, below: { arn: keywordMapping } },
    { path: 'labels.x', list: true, mapping: { type: 'flattened' }, below: { arn: keywordMapping } },
  ],
] as const)('%j of a field that is long', (target, expected) => {
  expect(useOf(target, { type: 'long' })).toEqual(expected)
})

test.each(['source.ip', 'labels.x', 'aws.vpcflow.a-b', 'custom.x.y'])('%s is a target', (path) => {
  expect(() => requireTarget(path, 'x fills')).not.toThrow()
})

test.each(['source', 'labels', 'labels.', 'labels.a..b', 'labels.x[]', 'constructor', 'my.own'])(
  '"%s" is none',
  (path) => {
    expect(() => requireTarget(path, 'x fills')).toThrow(`x fills "${path}", which is no field of ECS`)
  },
)
