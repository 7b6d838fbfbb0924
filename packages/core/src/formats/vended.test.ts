import { describe, expect, test } from 'vitest'
import { fixtures } from '../../../../test/support/fixtures.ts'
import { ingest } from '../ingest/ingest.ts'
import { memoryObject, memorySink, memorySource } from '../testing/index.ts'
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

  test('counts what it has no place of its own for', async () => {
    const body = '#Fields: resource_arn event_timestamp one two\narn:aws:ses:::x\t1763806542\ta\t-\n'
    const source = memorySource(memoryObject({ key: 'k', body }))
    const { messages } = await ingest({ source, parser: vended, sink: memorySink() })
    expect(messages[0]!.objects[0]!.unknownFields).toEqual({ one: 1 })
  })
})
