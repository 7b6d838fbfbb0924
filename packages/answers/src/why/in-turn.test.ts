import { describe, expect, test } from 'vitest'
import { answered, at, b, eniB, evidence, good, log, logA, logB, pair, seenBy, sent } from '../../test/why/evidence.ts'
import { diagnose } from './diagnose.ts'
import type { InterfaceLog } from './evidence.ts'
import { asOne, inTurn } from './in-turn.ts'

const eniNew = 'eni-0bbbbbbbbbbbbbbb2'
const before = { ...logB, newest: at(20) }
const after = (more: Partial<InterfaceLog> = {}) =>
  log(eniNew, [b], { subnet: logB.subnet!, vpc: logB.vpc!, oldest: at(21), ...more })
const arrivedAnew = (minute: number) => seenBy(eniNew, 'ingress', false, { minute })
const repliedAnew = (minute: number) => seenBy(eniNew, 'egress', true, { minute })
const of = (flows: Parameters<typeof evidence>[0], anew = after()) =>
  diagnose(evidence(flows, { interfaces: [logA, before, anew] }))

describe('an interface that was made anew with the same address', () => {
  const calls = (minute: number) => [sent({ minute }), arrivedAnew(minute), repliedAnew(minute), answered({ minute })]

  test('connections are whole at either', () => {
    const { cause, assumptions } = of([...good({ minute: 5 }), ...calls(30)])
    expect(cause).toBe('no-fault')
    expect(assumptions).toContain(
      `${eniB}, then ${eniNew} are the interfaces of ${b}: their records hold that address as their own`,
    )
  })
  test('silence of the new one is silence', () => {
    const lost = sent({ minute: 30 })
    expect(of([...good({ minute: 5 }), lost])).toMatchObject({ cause: 'lost-on-the-way', certainty: 'high' })
    expect(of([...good({ minute: 5 }), sent({ minute: 30 }), arrivedAnew(30)])).toMatchObject({ cause: 'no-answer' })
  })
  test('that the old one rejects says nothing of the new one', () => {
    const lost = of([...good({ minute: 5 }), sent({ minute: 30 })], after({ rejects: false }))
    expect(lost).toMatchObject({ certainty: 'medium', alternatives: ['blocked-at-target'] })
  })
  test('nor does it where the new one has flow logs that reject', () => {
    const flowLogs = [{ id: 'fl-new', covers: true, rejects: true, isShared: true }]
    const interfaces = [logA, { ...before, rejects: false }, after({ flowLogs })]
    const lost = diagnose(evidence([sent({ minute: 5 }), ...calls(30)], { interfaces }))
    expect(lost.certainty).not.toBe('high')
    expect(JSON.stringify(lost.cannotTell)).toContain(`not each of ${eniB} and ${eniNew} has REJECT records`)
  })
  test('between the two nothing is silence', () => {
    const lost = of([...good({ minute: 5 }), sent({ minute: 25 }), ...calls(45)], after({ oldest: at(40) }))
    expect(lost.cause).not.toBe('lost-on-the-way')
    expect(lost.cannotTell.map(({ what }) => what)).toContain(
      `what B sent or got from ${at(20)} to ${at(40)}: no interface with its address has a record`,
    )
  })
  test('what was at either was at B', () => {
    const refused = of([
      ...good({ minute: 5 }),
      sent({ minute: 30 }),
      arrivedAnew(30),
      seenBy(eniNew, 'egress', true, { minute: 30, flags: ['rst'] }),
      answered({ minute: 30, flags: ['rst'] }),
    ])
    expect(refused).toMatchObject({ cause: 'refused', certainty: 'high' })
  })
})

describe('which had it one after the other', () => {
  const idsOf = (all: readonly InterfaceLog[]) => inTurn(all, pair).map(({ id }) => id)
  test('oldest first', () => expect(idsOf([after(), before])).toEqual([eniB, eniNew]))
  test('at the same time, the one with the most records', () => {
    expect(idsOf([logB, after({ records: 1000 })])).toEqual([eniNew])
    expect(idsOf([after({ oldest: at(10) }), before])).toEqual([eniNew])
  })
  test.each([10, 100_000])(
    'one that had it before the span says nothing, nor one behind it, with %i records',
    (records) => {
      expect(idsOf([{ ...before, newest: at(-1), records }, after()])).toEqual([eniNew])
      expect(idsOf([before, after({ oldest: at(60), records })])).toEqual([eniB])
    },
  )
  test('where none had it in the span, the one with the most records', () => {
    expect(
      idsOf([
        { ...before, oldest: at(-90), newest: at(-50) },
        { ...before, id: eniNew, newest: at(-1), records: 999 },
      ]),
    ).toEqual([eniNew])
  })
  test('of another VPC it is another host', () => {
    expect(idsOf([before, after({ vpc: 'vpc-00000000000000002', records: 10 })])).toEqual([eniB])
    const { vpc: _, subnet: __, ...untold } = after()
    expect(idsOf([before, untold])).toEqual([eniB, eniNew])
  })
  test('a minute of both is the clocks', () => {
    expect(idsOf([before, after({ oldest: at(19) })])).toEqual([eniB, eniNew])
    expect(idsOf([before, after({ oldest: at(18, 59) })])).toHaveLength(1)
  })
  test('of none there is none', () => {
    expect(inTurn([], pair)).toEqual([])
    expect(asOne([])).toBe(undefined)
  })
})
