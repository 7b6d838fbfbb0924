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
        { reason: 'no value of the element is one that the format cloudtrail knows' },
      ])
  })
})
