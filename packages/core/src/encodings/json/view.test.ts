import { describe, expect, test } from 'vitest'
import { cloudTrail } from '../../formats/cloudtrail.ts'
import { parseContext } from '../../read/limits.ts'
import { memoryObject } from '../../testing/index.ts'

const event = {
  eventVersion: '1.11',
  userIdentity: { type: 'Root', sessionContext: { attributes: { mfaAuthenticated: 'true' } } },
  eventName: 'Gét"Object',
  errorCode: null,
  errorMessage: '',
  requestParameters: { eventSource: 'inside', list: [1, 2] },
  newField: [1],
  readOnly: true,
  eventID: 'id',
}

/** The views of a record that was scanned and of the same one pretty-printed, which is parsed. */
async function views() {
  const found = []
  for (const body of [JSON.stringify({ Records: [event] }), JSON.stringify({ Records: [event] }, undefined, 1)])
    for await (const batch of cloudTrail.parse(memoryObject({ key: 'f.json', body }), parseContext()))
      found.push(batch.view!(0) as unknown as Record<string, unknown>)
  return found
}

describe('a record of a step', () => {
  test('is the same whether it was scanned or parsed', async () => {
    for (const view of await views()) {
      for (const [name, value] of Object.entries(event)) expect(view[name]).toEqual(value)
      expect(view.kind).toBe('cloudtrail')
      expect(['eventName', 'errorCode', 'eventSource', 'toString'].map((name) => name in view)).toEqual([
        true,
        true,
        false,
        true,
      ])
      expect(view.eventSource).toBeUndefined()
      expect({ ...view }).toEqual({ ...event, kind: 'cloudtrail' })
      expect(JSON.stringify(view)).toBe(JSON.stringify({ ...event, kind: 'cloudtrail' }))
      expect(view.userIdentity).toBe(view.userIdentity)
    }
  })

  test('cannot be written to, nor what it holds', async () => {
    for (const view of await views()) {
      const identity = view.userIdentity as { type: string; sessionContext: { attributes: object } }
      for (const write of [
        () => {
          view.eventName = 'x'
        },
        () => {
          delete view.eventName
        },
        () => {
          identity.type = 'x'
        },
        () => {
          Object.assign(identity.sessionContext.attributes, { a: 1 })
        },
      ])
        expect(write).toThrow(TypeError)
    }
  })
})
