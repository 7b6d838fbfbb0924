import { expect, test } from 'vitest'
import { answered, arrived, good, replied, sent } from '../../test/why/evidence.ts'
import { flowOf } from './flow.ts'
import { isSmall, type Seen, triesOf } from './tries.ts'

const seen = (documents: readonly Parameters<typeof flowOf>[0][]): Seen[] =>
  documents.map((document) => {
    const flow = flowOf(document)!
    return { place: 'atA', isReply: flow.destinationPort === 40_000, flow }
  })
const minutesOf = (documents: Parameters<typeof seen>[0]) =>
  triesOf(seen(documents)).map(({ start }) => new Date(start).getUTCMinutes())

test("a port that is used again begins a connection, also where the answer comes first by the clock of B's interface", () => {
  expect(minutesOf([...good({ minute: 1 }), replied({ minute: 9 }), sent({ minute: 10 })])).toEqual([1, 9])
})

test('SYNs that are sent again are of one connection', () => {
  expect(minutesOf([1, 2, 4].map((minute) => sent({ minute })))).toEqual([1])
})

test.each([['fin'], ['rst']] as const)('behind %s a SYN begins another one a minute later', (flag) => {
  const over = [sent({ minute: 1 }), answered({ minute: 1, flags: [flag] })]
  expect(minutesOf([...over, sent({ minute: 3 }), arrived({ minute: 3 })])).toEqual([1, 3])
})

test('behind a longer silence than the client has tried for, the port is used again', () => {
  expect(minutesOf([sent({ minute: 1 }), sent({ minute: 3 })])).toEqual([1, 3])
})

test.each([
  ['IPv6 has a longer header', { client: '2600::1', target: '2600::2', bytes: 240 }, true],
  ['of IPv4 that is no SYN', { bytes: 240 }, false],
  ['SYNs of a port that is used again are of one length', { packets: 14, bytes: 840 }, true],
  ['a SYN and the ACKs of who got an answer are not', { packets: 14, bytes: 736 }, false],
] as const)('%s', (_, options, isIt) => {
  expect(isSmall(flowOf(sent(options))!)).toBe(isIt)
})
