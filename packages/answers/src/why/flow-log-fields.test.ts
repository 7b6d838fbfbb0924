import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { expect, it } from 'vitest'
import { missingFields } from './flow-log-fields.ts'
import { advised, advisedFormat, defaultFields } from './steps.ts'

it('says of each field that is advised what is not known without it', () => {
  const told = missingFields([]).flatMap(({ fields }) => fields)
  // What why does without.
  const unread = ['version', 'account-id']
  expect([...told, ...unread].sort()).toEqual([...defaultFields, ...advised].sort())
  expect(missingFields(told)).toEqual([])
  const known = vpcFlow.format.fields.map(({ name }) => name)
  for (const name of told) expect(known, name).toContain(name)
})

it("says of AWS's default format what flags would tell, and names what is missing alone", () => {
  const [first, second] = missingFields([...defaultFields, 'pkt-srcaddr'])
  expect(first).toEqual({ fields: ['tcp-flags'], what: 'SYN, reset and end of connections' })
  expect(second!.fields).toEqual(['pkt-dstaddr'])
  expect(missingFields(defaultFields.filter((name) => name !== 'action'))[0]).toEqual({
    fields: ['action'],
    what: 'who tried to reach whom, when, and whether it was rejected',
  })
})

it('is satisfied with the format that is advised', () => {
  const names = [...advisedFormat([...defaultFields, 'ecs-cluster-arn']).matchAll(/\$\{([^}]+)\}/g)].map(
    ([, name]) => name!,
  )
  expect(names).toContain('ecs-cluster-arn')
  expect(missingFields(names)).toEqual([])
})
