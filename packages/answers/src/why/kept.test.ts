/** What a diagnosis makes of the flow logs that a snapshot has. */
import { describe, expect, test } from 'vitest'
import { arrived, at, b, eniB, evidence, log, logA, logB, sent } from '../../test/why/evidence.ts'
import { diagnose } from './diagnose.ts'
import type { Diagnosis } from './diagnosis.ts'
import type { Evidence } from './evidence.ts'
import type { KnownFlowLog } from './known.ts'

const flowLog = (more: Partial<KnownFlowLog> = {}): KnownFlowLog => ({
  id: 'fl-0bbbbbbbbbbbbbbb1',
  resource: 'vpc-00000000000000001',
  trafficType: 'ALL',
  fields: ['version', 'interface-id', 'srcaddr', 'dstaddr'],
  interval: 60,
  createdAt: at(-60 * 24),
  destination: 'arn:aws:s3:::my-logs/flows',
  ...more,
})
const acceptAlone = flowLog({ id: 'fl-0bbbbbbbbbbbbbbb2', trafficType: 'ACCEPT' })
const { trafficType: _type, ...untyped } = flowLog()
const { createdAt: _time, ...ageless } = flowLog()
const rejectAlone = flowLog({ trafficType: 'REJECT' })

/** B's interface as a snapshot of a minute behind the span has it. */
const known = (flowLogs: readonly KnownFlowLog[], asOf = at(61)): Partial<Evidence> => ({
  known: [{ id: eniB, addresses: [b], asOf, flowLogs }],
  deletedFlowLogs: [],
})
const quietB = { ...logB, rejects: false }
/** A's SYN leaves, and B's log, which has no REJECT, has nothing of it. */
const lost = (more: Partial<Evidence> = {}) => diagnose(evidence([sent()], { interfaces: [logA, quietB], ...more }))
const { deletedFlowLogs: _, ...withoutCloudTrail } = known([flowLog()])
const { deletedFlowLogs: __, ...early } = known([flowLog()], at(-60))
const verdict = ({ cause, certainty, alternatives }: Diagnosis) => [cause, certainty, ...alternatives]
const missingOf = ({ cannotTell }: Diagnosis) => cannotTell.map(({ what, missing }) => `${what} -- ${missing}`)

const sure = ['lost-on-the-way', 'high']
const unsure = ['lost-on-the-way', 'consistent-with', 'blocked-at-target']

describe('whether a silence may be a reject', () => {
  test.each([
    ['none is known', {}, unsure],
    ['of all traffic', known([flowLog()]), sure],
    ['two of all traffic', known([flowLog(), flowLog({ id: 'fl-2' })]), sure],
    ['of accepted traffic alone', known([acceptAlone]), unsure],
    ['one of each, of which either may have written it', known([flowLog(), acceptAlone]), unsure],
    ['one of no known type', known([untyped]), unsure],
    ['of rejected traffic as well', known([flowLog(), rejectAlone]), sure],
    ['CloudTrail is not stored', withoutCloudTrail, ['lost-on-the-way', 'medium', 'blocked-at-target']],
    ['as of the very end of the span', known([flowLog()], at(60)), sure],
    ['as of before it', known([flowLog()], at(59)), unsure],
    ['ten minutes older than the span', known([flowLog({ createdAt: at(-10) })]), sure],
    ['newer than its first window', known([flowLog({ createdAt: at(-9) })]), unsure],
    ['of no known age', known([ageless]), unsure],
    [
      'one was deleted since',
      { ...known([flowLog()]), deletedFlowLogs: [{ '@timestamp': at(60), event: { action: 'DeleteFlowLogs' } }] },
      unsure,
    ],
  ])('%s', (_, more, expected) => {
    expect(verdict(lost(more))).toEqual(expected)
  })

  const neighbours = ['8', '9'].map((end) => log(`eni-0ddddddddddddddd${end}`, [], { subnet: logB.subnet! }))
  test('what the snapshot says of the interface counts for more than what its neighbours reject', () => {
    const interfaces = [logA, quietB, ...neighbours]
    const likely = ['lost-on-the-way', 'medium', 'blocked-at-target']
    expect(verdict(lost({ interfaces }))).toEqual(likely)
    expect(verdict(lost({ interfaces, ...known([acceptAlone]) }))).toEqual(unsure)
    expect(verdict(lost({ interfaces, ...known([acceptAlone], at(59)) }))).toEqual(likely)
  })
  describe('where records tell their flow log', () => {
    const brief = 'fl-brief'
    const of = (...ids: readonly string[]) => ({
      interfaces: [
        logA,
        { ...quietB, flowLogs: ids.map((id) => ({ id, covers: id !== brief, rejects: false, isShared: true })) },
        ...neighbours,
      ],
    })
    const all = flowLog()
    test.each([
      ['it is of all traffic', known([all, acceptAlone]), [all.id], sure],
      ['it is of accepted traffic alone', known([all, acceptAlone]), [acceptAlone.id], unsure],
      ['one is, and another is of all', known([all, acceptAlone]), [all.id, acceptAlone.id], sure],
      ['the snapshot lacks it', known([acceptAlone]), [all.id], unsure],
      ['the snapshot is of before the span, and CloudTrail is not stored', early, [all.id], sure],
      ['the snapshot has another one, of all traffic', known([all]), [acceptAlone.id], unsure],
      [
        'one of all traffic is not of all the span',
        known([flowLog({ id: 'fl-brief' }), acceptAlone]),
        ['fl-brief', acceptAlone.id],
        unsure,
      ],
      ['one of accepted traffic alone is not of all the span', known([all]), ['fl-brief', all.id], sure],
      ['its type is not known', known([untyped]), [untyped.id], unsure],
    ])('%s', (_, more, ids, expected) => {
      expect(verdict(lost({ ...more, ...of(...ids) }))).toEqual(expected)
    })
  })
  test('a REJECT of the interface counts for more than the snapshot', () => {
    expect(verdict(lost({ interfaces: [logA, logB], ...known([acceptAlone]) }))).toEqual(sure)
  })
})

describe('whether a silence may be of what is accepted', () => {
  const rejectsB = { interfaces: [logA, { ...logB, accepts: false }] }
  const silentB = { interfaces: [logA, { ...quietB, accepts: false }] }
  test('an interface that has rejected all may have a log of everything', () => {
    expect(verdict(lost(rejectsB))).toEqual([
      'no-answer',
      'consistent-with',
      'blocked-at-target',
      'lost-on-the-way',
      'reply-blocked-at-target',
      'reply-lost',
      'asymmetric',
    ])
    expect(verdict(lost({ ...rejectsB, ...known([flowLog()]) }))).toEqual(sure)
    expect(verdict(lost({ ...rejectsB, ...withoutCloudTrail }))[1]).toBe('consistent-with')
  })
  test('of a log of rejected traffic alone it is no silence, though none was rejected', () => {
    const diagnosis = lost({ ...silentB, ...known([rejectAlone]) })
    expect(verdict(diagnosis)[0]).toBe('no-answer')
    expect(missingOf(diagnosis)).toContain(
      `what B's interface accepts: fl-0bbbbbbbbbbbbbbb1 of vpc-00000000000000001 is of TrafficType REJECT -- a flow log of traffic type ALL for ${eniB}`,
    )
  })
})

describe('whether a reject without a reason may have one', () => {
  const rejected = (more: Partial<Evidence>) =>
    verdict(diagnose(evidence([arrived({ reject: true, encrypted: false })], more)))
  const withReason = flowLog({ fields: ['version', 'reject-reason'] })
  const unknown = ['blocked-at-target', 'consistent-with', 'encryption-control']
  test.each([
    ['none is known', {}, unknown],
    ['its format has reject-reason', known([withReason]), ['blocked-at-target', 'certain']],
    ['its format lacks it', known([flowLog()]), unknown],
    ['one of two has it', known([withReason, flowLog()]), unknown],
    ['as of before the span', known([withReason], at(30)), unknown],
    ['CloudTrail is not stored', { ...known([withReason]), deletedFlowLogs: undefined }, unknown],
  ])('%s', (_, more, expected) => {
    expect(rejected(more as Partial<Evidence>)).toEqual(expected)
  })
})

describe('what is told', () => {
  test('the flow log that keeps too little, and the one that is to take its place', () => {
    const diagnosis = lost(known([acceptAlone]))
    expect(missingOf(diagnosis)).toEqual(
      expect.arrayContaining([
        `whether B's interface rejects: fl-0bbbbbbbbbbbbbbb2 of vpc-00000000000000001 is of TrafficType ACCEPT -- a flow log of traffic type ALL for ${eniB}`,
        'whether VPC Block Public Access or encryption controls reject -- reject-reason in fl-0bbbbbbbbbbbbbbb2 of vpc-00000000000000001, or a record that has one',
      ]),
    )
    const create = diagnosis.next.find((step) => step.includes('create-flow-logs'))!
    expect(create).toContain(
      'aws ec2 create-flow-logs --resource-type VPC --resource-ids vpc-00000000000000001 --traffic-type ALL',
    )
    expect(create).toContain('--log-destination arn:aws:s3:::my-logs/flows')
    expect(create).toContain(`--log-format '\${version} \${interface-id} \${srcaddr} \${dstaddr} \${vpc-id}`)
    expect(create).toContain(`\${reject-reason}`)
    expect(diagnosis.next).toContain(
      'once it delivers, in place of fl-0bbbbbbbbbbbbbbb2, which cannot be changed: aws ec2 delete-flow-logs --flow-log-ids fl-0bbbbbbbbbbbbbbb2',
    )
  })
  test('nothing of that where the answer is sure', () => {
    expect(lost(known([flowLog()])).next.join()).not.toContain('flow-logs')
  })
  test('an answer that rests on the snapshot says so', () => {
    expect(lost(known([flowLog()])).assumptions).toContain(
      `rejects of ${eniB} would be logged, as the snapshot, as of ${at(61)}, has fl-0bbbbbbbbbbbbbbb1, of ALL since ${at(-60 * 24)}, for it, and CloudTrail no other that was deleted since: it has none itself`,
    )
  })
  test.each([
    ['old', known([flowLog()], at(30)), `the snapshot, as of ${at(30)}, is of before its end`],
    ['new', known([flowLog({ createdAt: at(20) })]), `fl-0bbbbbbbbbbbbbbb1 was created at ${at(20)}`],
  ])('why what the snapshot has is too %s', (_, more, why) => {
    expect(missingOf(lost(more)).find((one) => one.startsWith("what the flow logs of B's interface kept"))).toContain(
      why,
    )
  })
  test('that it is too old is not told where the records leave nothing to know', () => {
    const flows = [sent(), arrived({ minute: 12, reject: 'EC' })]
    expect(missingOf(diagnose(evidence(flows, known([flowLog()], at(30))))).join()).not.toContain('flow log')
  })
  test('where no flow log is, and where its records are', () => {
    const unlogged = (flowLogs: readonly KnownFlowLog[]) =>
      missingOf(lost({ interfaces: [logA], ...known(flowLogs) })).find((one) =>
        one.startsWith("what B's interface sees"),
      )
    expect(unlogged([])).toContain(`as of ${at(61)} neither it nor its subnet nor its VPC has one`)
    expect(unlogged([flowLog({ error: 'Access error' })])).toContain(
      'which fl-0bbbbbbbbbbbbbbb1 of vpc-00000000000000001 in arn:aws:s3:::my-logs/flows (Access error) has',
    )
    expect(lost({ interfaces: [logA], ...known([flowLog()]) }).next[0]).toBe(
      'read the records of fl-0bbbbbbbbbbbbbbb1 as well, from arn:aws:s3:::my-logs/flows',
    )
  })
  test('windows of ten minutes, where records show that they are', () => {
    const long = known([flowLog({ interval: 600 })])
    const told = (seconds: number, more = long) =>
      missingOf(diagnose(evidence([arrived({ seconds })], more))).filter((one) => one.includes('one record is of'))
    expect(told(61)).toEqual([
      "what became of each connection at B's interface: one record is of up to 600 s, by fl-0bbbbbbbbbbbbbbb1 of vpc-00000000000000001 -- windows of 60 s (--max-aggregation-interval 60)",
    ])
    expect(told(60)).toEqual([])
    expect(told(61, known([flowLog()]))).toEqual([])
  })
  test('what is no id or field of AWS is no part of a command', () => {
    const hostile = flowLog({ ...acceptAlone, fields: ["version} ' ; rm -rf / #"], destination: "arn:aws:s3:::a'; x" })
    const create = lost(known([hostile])).next.find((step) => step.includes('create-flow-logs'))!
    expect(create).not.toMatch(/rm -rf|; x/)
    const noId = flowLog({ ...acceptAlone, resource: 'vpc-1; x' })
    expect(lost(known([noId])).next.join()).not.toContain('; x')
  })
})
