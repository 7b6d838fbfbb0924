import { describe, expect, test } from 'vitest'
import { fixtures } from '../../../../test/support/fixtures.ts'
import { ingest } from '../ingest/ingest.ts'
import { collect, memoryObject, memorySink, memorySource } from '../testing/index.ts'
import { vended } from './vended.ts'

const claim = (text: string) => vended.claims({ bucket: 'b', key: 'k', stored: Buffer.from(text), text })

describe('vended', () => {
  test.each(fixtures.filter(({ formatName }) => formatName !== 'vended'))('leaves $name to its format', ({ text }) =>
    expect(claim(text)).toBeUndefined(),
  )

  test.each([
    '{"event_timestamp":1763806542,"message":"mine"}',
    '{"resource_arn":"mine","event_timestamp":1}',
    '{"timestamp":"2025-11-22T10:15:42Z","level":"info","message":"arn:aws:s3:::b"}',
    '{"detail":{"resource_arn":"arn:aws:eks:x:1:y","event_timestamp":1}}',
    '[]',
    '{}',
    '#Software: Microsoft Internet Information Services 10.0\n#Fields: one two\n',
    '#Software: SGOS\n#Fields: x-one x-two\n',
    '#Fields: date time s-sitename cs-method\n',
    '#Version: 1.0\n',
    '#Fields: id,name,price\n1,a,2\n',
    '#Fields: date time x-one x-two\n',
    '#Fields: timestamp message\n',
    'resource_arn event_timestamp\n',
  ])('leaves %j alone', (text) => expect(claim(text)).toBeUndefined())

  test.each([
    '#Fields: timestamp resource_arn event_timestamp client_ip time_to_first_byte status_code\n',
    '#Fields: message_timestamp_ms detail\n',
    '#Fields: event_timestamp tomorrow\n',
    '#Fields: resource_id resource_type event_timestamp scheduler_type\n',
    '{"eventTimestamp":"1","awsAccountId":"123456789012","originId":"o"}',
    '{"resource_id":"r","resource_type":"PCS","event_timestamp":"1","scheduler_type":"slurm"}',
  ])('claims %j', (text) => expect(claim(text)).toBe('content'))

  test.each<[string | undefined, object]>([
    ['INSIGHTS_QUERY_LOGS', { resource_arn: 'arn:aws:logs:eu-central-1:123456789012:log-group:g', query_id: 'q' }],
    [
      'APPLICATION_LOGS',
      { resource_arn: 'arn:aws:ses:eu-central-1:123456789012:mailmanager-rule-set/r', message_id: 'm' },
    ],
    [
      'TRAFFIC_POLICY_DEBUG_LOGS',
      { resource_arn: 'arn:aws:ses:x:1:mailmanager-ingress-point/i', traffic_policy_id: 't' },
    ],
    ['EGRESS_ACCESS_LOGS', { resource_arn: 'arn:aws:mediapackagev2:x:1:channelGroup/g', request_uri_base: '/a' }],
    ['INGRESS_ACCESS_LOGS', { resource_arn: 'arn:aws:mediapackagev2:x:1:channelGroup/g', input_type: 'HLS' }],
    ['TRACE_LOGS', { resource_arn: 'arn:aws:events:x:1:event-bus/b', log_level: 'TRACE' }],
    // Of these, nothing tells it for sure.
    [undefined, { resource_arn: 'arn:aws:events:x:1:event-bus/b', log_level: 'later' }],
    [undefined, { resource_arn: 'arn:aws:events:x:1:event-bus/b', query_id: 'q' }],
    [undefined, { resource_arn: 'arn:aws:ses:x:1:mailmanager-ingress-point/i', recipient: 'r' }],
    [undefined, { resource_arn: 'arn:aws:eks:x:1:cluster/c', level: 'info' }],
  ])('names the log type %s where the resource and a field tell it', async (logType, members) => {
    const record = { event_timestamp: 1763806542, ...members }
    const columns = Object.keys(record)
    const bodies = [JSON.stringify(record), `#Fields: ${columns.join(' ')}\n${Object.values(record).join('\t')}\n`]
    for (const body of bodies) {
      const { documents } = await collect(vended, memoryObject({ key: 'k', body }))
      const { delivery } = (documents[0] as { aws: { vended: { delivery?: object } } }).aws.vended
      expect(delivery).toEqual(logType && { log_type: logType })
    }
  })

  test('counts what it has no place of its own for', async () => {
    const body = '#Fields: resource_arn event_timestamp one two\narn:aws:ses:::x\t1763806542\ta\t-\n'
    const source = memorySource(memoryObject({ key: 'k', body }))
    const { messages } = await ingest({ source, parser: vended, sink: memorySink() })
    expect(messages[0]!.objects[0]!.unknownFields).toEqual({ one: 1 })
  })
})
