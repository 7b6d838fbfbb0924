import { describe, expect, test } from 'vitest'
import { collect, memoryObject } from '../testing/index.ts'
import type { LogDocument } from '../types.ts'
import { cloudTrail } from './cloudtrail.ts'

const parse = (body: string) => collect(cloudTrail, memoryObject({ key: 'events.json', body }))

function at(document: LogDocument, path: string): unknown {
  return path.split('.').reduce<unknown>((value, name) => (value as LogDocument | undefined)?.[name], document)
}

describe('an event in another wrapping', () => {
  const event = {
    eventVersion: '1.08',
    eventTime: '2024-05-01T10:00:00Z',
    eventSource: 's3.amazonaws.com',
    eventName: 'GetObject',
    eventID: 'e-1',
  }
  const around = {
    eventVersion: '1.09',
    eventCategory: 'Management',
    eventMetadata: { deliveryId: 'd' },
  }
  const plain = { ...event, eventCategory: 'Management', eventMetadata: { deliveryId: 'd' } }

  test.each([
    ['an object', event],
    ['text', JSON.stringify(event)],
  ])("of CloudTrail Lake's, as %s, is the event and what stands around it", async (_, eventData) => {
    const { documents, records, unknownFields } = await parse(JSON.stringify([{ ...around, eventData }]))
    expect(records).toEqual([{ kind: 'cloudtrail', ...plain }])
    expect(documents).toEqual((await parse(JSON.stringify([plain]))).documents)
    expect(at(documents[0]!, '@timestamp')).toBe('2024-05-01T10:00:00.000Z')
    expect(unknownFields).toEqual({ eventMetadata: 1 })
  })

  const named = { ...event, userIdentity: { type: 'IAMUser' }, awsRegion: 'eu-west-1' }
  const bridge = (detail: unknown, type = 'AWS API Call via CloudTrail') => ({
    version: '0',
    id: '1',
    'detail-type': type,
    source: 'aws.s3',
    account: '123456789012',
    time: '2024-05-01T10:00:00Z',
    region: 'eu-west-1',
    resources: ['arn:aws:s3:::b'],
    detail,
  })
  const looked = (CloudTrailEvent: unknown) => ({
    EventId: 'e-1',
    EventName: 'GetObject',
    EventTime: 1714557600,
    EventSource: 's3.amazonaws.com',
    Username: 'alice',
    Resources: [],
    CloudTrailEvent,
  })

  test.each([
    ['EventBridge', bridge(named)],
    ["EventBridge's Archive of what a service did", bridge(named, 'AWS Service Event via CloudTrail')],
    ['LookupEvents', looked(JSON.stringify(named))],
  ])('of %s is the event alone: a file of one, of lines, of a list, and without ends of lines', async (_, one) => {
    const text = JSON.stringify(one)
    const expected = (await parse(JSON.stringify([named]))).documents[0]!
    const bodies = [
      text,
      `${text}\n${text}\n`,
      `[${text},${text}]`,
      text + text,
      `{"Events":[${text}],"NextToken":"x"}`,
    ]
    for (const body of bodies) {
      const { documents, unknownFields, malformed } = await parse(body)
      expect(malformed).toEqual([])
      expect(unknownFields).toEqual({})
      for (const document of documents) expect(document).toEqual(expected)
      expect(documents).toHaveLength(body === text || body.startsWith('{"Events"') ? 1 : 2)
      const stored = Buffer.from(body)
      expect(cloudTrail.claims({ bucket: 'b', key: 'k', stored, text: body })).toBe('content')
    }
  })

  test.each([
    ['an event of S3', bridge({ version: '0', bucket: { name: 'b' }, object: { key: 'k' } }, 'Object Created')],
    ['an event of EC2', bridge({ 'instance-id': 'i-1', state: 'running' }, 'EC2 Instance State-change Notification')],
    ["another's call", bridge({ ...named, eventSource: 'idp.example.com' })],
    ['a call that is no object', looked('{"eventName":')],
    ['no call', looked(null)],
  ])('%s in such an envelope is malformed, and claims nothing alone', async (_, one) => {
    const text = JSON.stringify(one)
    const { documents, malformed } = await parse(JSON.stringify([one, named]))
    expect(documents).toHaveLength(1)
    expect(malformed).toMatchObject([{ ordinal: 0, reason: 'the element is not of the format CloudTrail' }])
    if ('detail' in one)
      expect(cloudTrail.claims({ bucket: 'b', key: 'k', stored: Buffer.from(text), text })).toBeUndefined()
  })

  test.each([
    ["a partner's", { eventSource: 'idp.example.com', eventName: 'Login' }, /not of the format/],
    ['of Athena, in lower case', undefined, /in lower case, as Athena writes them/],
  ])('%s is malformed, and says why', async (_, eventData, reason) => {
    const { eventversion, ...lower } = { eventversion: '1.08', eventname: 'GetObject', eventid: 'e-1' }
    const one = eventData ? { ...around, eventData } : { eventversion, ...lower }
    const { documents, malformed, unknownFields } = await parse(JSON.stringify([one]))
    expect(documents).toEqual([])
    expect(malformed[0]!.reason).toMatch(reason)
    expect(unknownFields).toEqual({})
  })

  test('none of whose values is known is malformed', async () => {
    for (const one of [{ eventVersion: null, foo: 1 }, { eventTime: 'yesterday' }, { userIdentity: {}, foo: 1 }])
      expect((await parse(JSON.stringify([one]))).malformed).toMatchObject([
        { reason: 'no value of the element is one that the format CloudTrail knows' },
      ])
  })
})
