import { expect, test } from 'vitest'
import { parseContext } from '../limits.ts'
import { memoryObject } from '../testing.ts'
import { cloudTrail } from './cloudtrail.ts'

test('a list of each value once costs as much as it is long', { timeout: 20_000 }, async () => {
  const users = Array.from({ length: 400_000 }, (_, i) => `user-${i}`)
  const body = JSON.stringify([{ eventID: 'a', userIdentity: { userName: [...users, 'user-0'] } }])
  const context = parseContext({ limits: { values: 1_000_000 } })
  for await (const batch of cloudTrail.parse(memoryObject({ key: 'k', body }), context))
    expect(batch.document(0)).toMatchObject({ related: { user: { length: users.length } } })
})
