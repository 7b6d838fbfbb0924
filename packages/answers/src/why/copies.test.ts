import { expect, test } from 'vitest'
import { withoutCopies } from './copies.ts'
import type { Flow } from './flow.ts'

const flow = (more: Partial<Flow>): Flow => ({
  document: {},
  at: 'eni-1',
  source: '10.0.1.1',
  destination: '10.0.2.2',
  packetSource: '10.0.1.1',
  packetDestination: '10.0.2.2',
  sourcePort: 40_000,
  destinationPort: 443,
  protocol: '6',
  packets: 1,
  bytes: 52,
  start: 60_000,
  end: 120_000,
  rejected: true,
  lost: [],
  ...more,
})
const fin = { fin: true, syn: false, rst: false, synAck: false }

test('what another flow log has with flags is left out, and what it has not is kept', () => {
  const flagged = flow({ flags: fin })
  const accepted = flow({ rejected: false })
  const later = flow({ start: 130_000, end: 180_000 })
  const elsewhere = flow({ at: 'eni-2' })
  expect(withoutCopies([flow({ start: 0, end: 600_000 }), flagged, accepted, later, elsewhere])).toEqual([
    flagged,
    accepted,
    later,
    elsewhere,
  ])
})

test('of two flow logs with the same windows one is enough', () => {
  const one = flow({ flags: fin })
  const next = flow({ flags: fin, start: 120_000, end: 180_000 })
  expect(withoutCopies([one, { ...one }, next])).toEqual([one, next])
})
