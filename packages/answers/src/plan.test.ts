import { cloudFront } from '@flowferry/core/formats/cloudfront'
import { cloudTrail } from '@flowferry/core/formats/cloudtrail'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { describe, expect, test } from 'vitest'
import { planOf } from './plan.ts'
import type { Question } from './question.ts'
import { dailyQuestions } from './questions/index.ts'

const known = [vpcFlow, cloudTrail, cloudFront].flatMap((parser) => parser.formats)
const span = { from: '2026-11-22T09:00:00Z', to: '2026-11-22T10:00:00+01:00' }
const asked = {
  kind: 'groups',
  formats: ['aws.vpcflow'],
  span: { ...span, to: '2026-11-23' },
  measures: { n: { count: true } },
}
const documents = { kind: 'documents', formats: ['aws.cloudtrail'], span: asked.span }

describe('refuses, with the place and what it takes', () => {
  // biome-ignore format: one line a fault
  const faults: [string, object, string][] = [
    ['no kind', { ...asked, kind: 'count' }, "The question takes kind 'groups' or 'documents'"],
    ['an unknown member', { ...asked, filter: [] }, 'The question takes no member "filter"; is it "filters"?'],
    ['no format', { ...asked, formats: [] }, 'formats takes a list of datasets or formats'],
    ['an unknown dataset', { ...asked, formats: ['aws.vpcflows'] }, `formats[0] names "aws.vpcflows", which is none of the store's formats; is it "aws.vpcflow"?`],
    ['a dataset like none', { ...asked, formats: ['nginx'] }, `none of the store's formats: aws.vpcflow, aws.cloudtrail, aws.cloudfront_logs`],
    ['no format at all', { ...asked, formats: [7] }, 'formats[0] takes a dataset or a format'],
    ['a span without an end', { ...asked, span: { from: '2026-11-22' } }, 'span.to takes a date as ISO 8601 writes it'],
    ['a time without an offset', { ...asked, span: { from: '2026-11-22T09:00:00', to: '2026-11-23' } }, 'span.from takes a date'],
    ['a span that ends before it begins', { ...asked, span }, 'span ends at 2026-11-22T09:00:00.000Z, which is not after its beginning'],
    ['too many rows', { ...asked, limit: 100_001 }, 'limit takes a whole number from 1 to 100000'],
    ['an unknown field', { ...asked, filters: [{ field: 'sorce.ip', equals: '10.0.0.1' }] }, 'filters[0].field asks "sorce.ip", which is no field of aws.vpcflow; is it "source.ip"?'],
    ['a filter without a condition', { ...asked, filters: [{ field: 'source.ip' }] }, 'filters[0] takes a field and one of equals, oneOf'],
    ['two conditions', { ...asked, filters: [{ field: 'source.port', equals: 1, exists: true }] }, 'filters[0] takes a field and one of'],
    ['a misspelt condition', { ...asked, filters: [{ field: 'source.port', equal: 1 }] }, 'filters[0] takes no member "equal"; is it "equals"?'],
    ['text for a number', { ...asked, filters: [{ any: [{ field: 'source.port', equals: '22' }] }] }, 'filters[0].any[0].equals takes a number, since "source.port" is long'],
    ['a number for text', { ...asked, filters: [{ not: { field: 'network.iana_number', oneOf: ['6', 17] } }] }, 'filters[0].not.oneOf[1] takes text'],
    ['text with a NUL', { ...asked, filters: [{ field: 'event.action', equals: 'a\0' }] }, 'filters[0].equals takes text'],
    ['a block for an address', { ...asked, filters: [{ field: 'source.ip', equals: '10.0.0.0/8' }] }, 'filters[0].equals takes an address'],
    ['a block that is too long', { ...asked, filters: [{ field: 'source.ip', cidr: '10.0.0.0/33' }] }, 'filters[0].cidr takes a block'],
    ['a block of a keyword', { ...asked, filters: [{ field: 'event.action', cidr: '10.0.0.0/8' }] }, 'filters[0] asks "event.action", which is keyword; cidr takes ip'],
    ['the prefix of an address', { ...asked, filters: [{ field: 'source.address', prefix: '10.' }] }, 'filters[0] asks "source.address", which is ip; prefix takes keyword'],
    ['a range of text', { ...asked, filters: [{ field: 'event.action', range: { gte: 'a' } }] }, 'which is keyword; range takes long, integer, double, date'],
    ['a range without bounds', { ...asked, filters: [{ field: 'source.port', range: {} }] }, 'filters[0].range takes at least one of'],
    ['exists: false', { ...asked, filters: [{ field: 'source.ip', exists: false }] }, 'filters[0].exists takes true'],
    ['a group of no field', { ...asked, groups: ['destination.prt'] }, 'groups[0] asks "destination.prt", which is no field of aws.vpcflow; is it "destination.port"?'],
    ['steps of no date', { ...asked, groups: [{ field: 'source.port', every: '5m' }] }, 'groups[0] asks "source.port" in steps, which is long and no date'],
    ['steps of no unit', { ...asked, groups: [{ field: '@timestamp', every: '5 minutes' }] }, 'groups[0].every takes a step: 30s, 5m, 1h, 1d'],
    ['a flattened group', { ...asked, formats: ['aws.cloudtrail'], groups: ['aws.cloudtrail.flattened.request_parameters.groupId'] }, 'groups[0] asks "aws.cloudtrail.flattened.request_parameters.groupId", which cannot be grouped: it is a part of the flattened aws.cloudtrail.flattened.request_parameters'],
    ['a group without a column', { ...asked, formats: ['aws.cloudtrail'], groups: ['aws.cloudtrail.request_parameters'] }, 'cannot be grouped: as keyword it has no column in an index'],
    ['no measure', { ...asked, measures: {} }, 'measures takes an object of one measure or more'],
    ['an empty measure', { ...asked, measures: { n: {} } }, 'measures.n takes one of count, ratio, sum'],
    ['the sum of text', { ...asked, measures: { n: { sum: 'event.action' } } }, 'measures.n asks "event.action", which is keyword; sum takes long, integer, double'],
    ['a percentile of which', { ...asked, measures: { n: { percentile: 'network.bytes' } } }, 'measures.n takes percent, too: 95'],
    ['the hundredth percentile', { ...asked, measures: { n: { percentile: 'network.bytes', percent: 100 } } }, 'measures.n.percent takes a number above 0 and below 100'],
    ['a measured part', { ...asked, formats: ['aws.cloudtrail'], measures: { n: { cardinality: 'aws.cloudtrail.flattened.request_parameters.groupId' } } }, 'measures.n asks "aws.cloudtrail.flattened.request_parameters.groupId", which is a part'],
    ['a filter of a measure', { ...asked, measures: { n: { count: true, where: [{ field: 'x', exists: true }] } } }, 'measures.n.where[0].field asks "x"'],
    ['two columns of a name', { ...asked, groups: ['event.action'], measures: { 'event.action': { count: true } } }, 'The question has two columns "event.action"'],
    ['a condition on no measure', { ...asked, having: [{ measure: 'm', equals: 0 }] }, 'having[0] asks "m", which is no measure; is it "n"?'],
    ['a condition without a number', { ...asked, having: [{ measure: 'n', range: {} }] }, 'having[0] takes equals with a number, or range'],
    ['no groups alone', { ...asked, groups: ['event.action'], only: [] }, 'only takes a list of 1 to 10000 lists of values of the first groups'],
    ['more values than groups', { ...asked, groups: ['event.action'], only: [['accept', 443]] }, 'only takes a list'],
    ['groups alone by date', { ...asked, groups: ['@timestamp'], only: [['2026-11-22']] }, 'only asks "@timestamp", which is a date'],
    ['groups alone by a list', { ...asked, groups: ['event.type'], only: [['denied']] }, 'only asks "event.type", which is a list'],
    ['groups alone of other lengths', { ...asked, groups: ['event.action', 'destination.port'], only: [['accept', 443], ['accept']] }, 'only[1] takes 2 values'],
    ['a group alone of another type', { ...asked, groups: ['event.action', 'destination.port'], only: [['accept', '443']] }, 'only[0][1] takes a number'],
    ['an order by nothing', { ...asked, order: [{ by: 'bytes' }] }, 'order[0].by is "bytes", which is no group or measure'],
    ['an order of no direction', { ...asked, order: [{ by: 'n', direction: 'down' }] }, "order[0] takes direction 'asc' or 'desc'"],
    ['no fields', { ...documents, fields: [] }, 'fields takes a list of fields; none at all for whole documents'],
    ['an order by address', { ...documents, order: [{ by: 'source.ip' }] }, 'order[0].by is "source.ip": ip is not ordered'],
    ['an order by a list', { ...documents, order: [{ by: 'related.user' }] }, 'order[0].by is "related.user": a list is not ordered'],
    ['a field that is another in each format', { ...asked, formats: ['aws.vpcflow', 'aws.cloudtrail'], groups: ['source.address'] }, 'groups[0] asks "source.address", which is source.ip, ip in aws.vpcflow, and source.address, keyword in aws.cloudtrail; ask each by itself'],
  ]
  test.each(faults)('%s', (_, question, message) => {
    expect(() => planOf(question as Question, known)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining(message) }),
    )
  })
})

test('reads another name of a field as the field', () => {
  const plan = planOf({ ...asked, measures: { bytes: { sum: 'source.bytes' } } } as Question, known)
  expect(plan).toMatchObject({ measures: [{ is: 'sum', field: { name: 'source.bytes', path: 'network.bytes' } }] })
})

test('takes a field that one of the formats has, and formats as such', () => {
  const question = { ...asked, formats: known, groups: ['aws.vpcflow.interface_id'] } as Question
  expect(planOf(question)).toMatchObject({ formats: known, groups: [{ field: { path: 'aws.vpcflow.interface_id' } }] })
})

test('orders equal rows by their groups', () => {
  const question = {
    ...asked,
    groups: ['source.ip', 'event.action'],
    order: [{ by: 'n', direction: 'desc' }],
  } as Question
  expect(planOf(question, known)).toMatchObject({
    order: [
      { column: 'n', isDescending: true },
      { column: 'source.ip', isDescending: false },
      { column: 'event.action', isDescending: false },
    ],
  })
})

const plain = dailyQuestions.flatMap((question) => ('over' in question ? [question] : []))
test.each(plain)('$name is plain data', ({ over }) => {
  const question = over({ from: '2026-11-22T09:00:00Z', to: '2026-11-22T10:00:00Z' })
  expect(JSON.parse(JSON.stringify(question))).toEqual(question)
  expect(planOf(question, known).limit).toBeGreaterThan(0)
})
