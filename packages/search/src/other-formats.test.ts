import { datasets, type Format } from '@flowferry/core'
import { albAccess } from '@flowferry/core/formats/alb'
import { elbAccess } from '@flowferry/core/formats/elb'
import { nlbAccess } from '@flowferry/core/formats/nlb'
import { expect, test } from 'vitest'
import { withOtherFormats } from './other-formats.ts'
import { indexTemplate } from './template.ts'

const template = (...formats: readonly Format[]) => indexTemplate(datasets(formats)[0]!, 'elasticsearch')
const [alb, nlb, elb] = [albAccess.format, nlbAccess.format, elbAccess.format]

test('formats that are set up one by one have the template of all together', () => {
  const first = withOtherFormats(template(nlb), undefined)
  const second = withOtherFormats(template(elb), first)
  expect(withOtherFormats(template(alb), second)).toEqual(template(alb, nlb, elb))
})

test('a run that names one of them changes nothing', () => {
  const all = template(alb, nlb, elb)
  for (const format of [alb, nlb, elb]) expect(withOtherFormats(template(format), all)).toEqual(all)
})

test('of the same formats the template is as wanted: a field that is gone does not stay', () => {
  const { 'aws.elb.listener': _, ...mapping } = nlb.mapping
  const without = template({ ...nlb, mapping })
  expect(withOtherFormats(without, template(nlb))).toBe(without)
})

test("a template that is somebody else's gives no fields", () => {
  const other = { ...template(alb), _meta: { managed_by: 'fleet', kind: 'alb' } }
  const wanted = template(nlb)
  expect(withOtherFormats(wanted, other)).toBe(wanted)
})

const own = (kind: string, more: Partial<Format>): Format => ({
  kind,
  title: kind,
  dataset: 'custom.both',
  mapping: {},
  fields: [],
  archive: [],
  ...more,
})
const propertiesOf = ({ template: { mappings } }: ReturnType<typeof template>): Readonly<Record<string, object>> =>
  mappings.properties

test('copies of an address are kept with the fields that they go to', () => {
  const mapping = { 'source.ip': { type: 'ip' } } as const
  const aliasOf = (name: string) => ({ [name]: { path: 'source.ip', type: 'keyword' } }) as const
  const before = template(own('a', { mapping, aliases: aliasOf('a.address') }))
  const made = propertiesOf(withOtherFormats(template(own('b', { mapping, aliases: aliasOf('b.address') })), before))
  expect(made).toMatchObject({
    'source.ip': { type: 'ip', copy_to: ['b.address', 'a.address'] },
    'a.address': { type: 'keyword' },
    'b.address': { type: 'keyword' },
  })
})

test('what is not constant for another format stays a keyword', () => {
  const always = own('a', { mapping: { 'event.module': { type: 'keyword', constant: 'aws' } } })
  const seldom = own('b', { mapping: { 'event.module': { type: 'keyword' } } })
  expect(propertiesOf(template(always))['event.module']).toEqual({ type: 'constant_keyword', value: 'aws' })
  const made = propertiesOf(withOtherFormats(template(always), template(always, seldom)))
  expect(made['event.module']).toEqual({ type: 'keyword' })
})

test('a value of another format gives way to an object', () => {
  const before = template(own('a', { mapping: { 'x.y': { type: 'keyword' }, 'x.z': { type: 'long' } } }))
  const made = propertiesOf(
    withOtherFormats(template(own('b', { mapping: { 'x.y.of': { type: 'keyword' } } })), before),
  )
  expect(made).toMatchObject({ 'x.y.of': { type: 'keyword' }, 'x.z': { type: 'long' } })
  expect(made).not.toHaveProperty(['x.y'])
})
