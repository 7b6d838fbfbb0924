import type { Answer, Question, Row, Store } from '@flowferry/answers'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { expect, test } from 'vitest'
import { findFinding, findings, foldChanges, foldClientPorts } from './findings.ts'

const span = { from: '2026-11-20T09:00:00.000Z', to: '2026-11-20T10:00:00.000Z' }

/** A store that gives these answers, one after the other. */
function answering(...answers: (readonly Row[] | Answer)[]) {
  const asked: Question[] = []
  const ask: Store['ask'] = async (question) => {
    asked.push(question)
    const next = answers[asked.length - 1] ?? []
    return Array.isArray(next) ? { rows: next, approximate: [] } : (next as Answer)
  }
  return { ask, asked }
}

const reject = (port: number | string, more: Row = {}): Row => ({
  'aws.vpcflow.interface_id': 'eni-1',
  'network.direction': 'egress',
  'destination.port': port,
  'network.transport': 'tcp',
  rejected: 1,
  before: 0,
  first: '2026-11-20T09:31:40.000Z',
  sources: 1,
  inside: 1,
  ...more,
})

test('rejected replies to many ports of clients are one row, with the first of their times', () => {
  const folded = foldClientPorts([
    reject(40_000),
    reject(22, { rejected: 5, inside: 0 }),
    reject(50_000, { first: '2026-11-20T09:30:00.000Z' }),
    reject(50_001, { 'network.direction': 'ingress' }),
  ])
  expect(folded.map((row) => [row['destination.port'], row['network.direction'], row.rejected, row.first])).toEqual([
    ["clients'", 'egress', 2, '2026-11-20T09:30:00.000Z'],
    ["clients'", 'ingress', 1, '2026-11-20T09:31:40.000Z'],
    [22, 'egress', 5, '2026-11-20T09:31:40.000Z'],
  ])
})

test('rejects of own addresses are a fault, and those from outside are told beside it', async () => {
  const { ask } = answering([reject(5432), reject(22, { inside: 0, rejected: 900 })], [{ records: 7 }])
  const found = await findFinding('rejected-now').find(ask, span, {})
  expect(found).toMatchObject({ severity: 'fault', notes: [expect.stringContaining('1 more place')] })
  expect(found.rows).toHaveLength(1)
  expect(found.sentence).toContain('port 5432 at eni-1')
})

test('rejects from outside alone are no fault, and without logs of before every one looks new', async () => {
  const { ask } = answering([reject(22, { inside: 0 })], [{ records: 0 }])
  const found = await findFinding('rejected-now').find(ask, span, {})
  expect(found.severity).toBe('notice')
  expect(found.notes).toEqual([expect.stringContaining('every reject looks new')])
})

test('what the same one did again and again is one row, the rarest first', () => {
  const scaling = (time: string): Row => ({
    '@timestamp': time,
    'event.action': 'RunInstances',
    'user.name': null,
    'source.address': 'autoscaling.amazonaws.com',
  })
  const acl: Row = {
    '@timestamp': '2',
    'event.action': 'CreateNetworkAclEntry',
    'user.name': 'ci',
    'source.address': '198.51.100.1',
  }
  expect(foldChanges([scaling('3'), acl, scaling('1')])).toEqual([
    { ...acl, times: 1 },
    { ...scaling('3'), 'user.name': 'autoscaling.amazonaws.com', times: 2 },
  ])
})

test('an interface whose log ended half an hour before the newest is a gap, and one that was skipped', async () => {
  const row = (id: string, last: string, skipped = 0): Row => ({
    'aws.vpcflow.interface_id': id,
    last,
    skipped,
    records: 1,
  })
  const { ask } = answering([
    row('eni-ended', '2026-11-20T09:20:00.000Z'),
    row('eni-late', '2026-11-20T09:31:00.000Z'),
    row('eni-skipped', '2026-11-20T10:00:00.000Z', 3),
  ])
  const found = await findFinding('log-gaps').find(ask, span, {})
  expect(found.rows.map((one) => one['aws.vpcflow.interface_id'])).toEqual(['eni-ended', 'eni-skipped'])
})

test('what is missing of an answer is said also where nothing is found', async () => {
  const partial = { why: 'a shard did not answer' }
  for (const finding of findings.filter(({ name }) => !['unanswered', 'health'].includes(name))) {
    const { ask } = answering({ rows: [], approximate: [], partial })
    const found = await finding.find(ask, span, {})
    expect([finding.name, found.rows, found.partial]).toEqual([finding.name, [], partial])
  }
})

test('changes and sign-ins are of a day, or of a longer span that was asked for', () => {
  for (const name of ['network-changes', 'iam-changes', 'sign-ins']) {
    expect(findFinding(name).span(span)).toEqual({ from: '2026-11-19T10:00:00.000Z', to: span.to })
    const week = { from: '2026-11-13T10:00:00.000Z', to: span.to }
    expect(findFinding(name).span(week)).toEqual(week)
  }
})

test('a finding that is none is refused', () => {
  expect(() => findFinding('constructor')).toThrow(/no finding/)
})

test('where no log has a record in the span, nothing found is no good news', async () => {
  const { ask } = answering([])
  const found = await findFinding('health').find(ask, span, { formats: vpcFlow.formats })
  expect(found.partial?.why).toContain('no log has a record')
})

test('changes and sign-ins are told with the span that was looked at, and that there may be more', async () => {
  const week = { from: '2026-11-13T10:00:00.000Z', to: span.to }
  const event: Row = { '@timestamp': '1', 'event.action': 'PutRolePolicy', 'user.name': 'ci' }
  const { ask } = answering(...[[event], [event], new Array<Row>(1000).fill(event)])
  const told = async (name: string, over = week) => (await findFinding(name).find(ask, over, {})).sentence
  expect(await told('iam-changes')).toContain('1 change in 7 days, of 1 kind')
  expect(await told('iam-changes', findFinding('iam-changes').span(span))).toContain('1 change in a day')
  expect(await told('sign-ins')).toContain('1,000 events or more of root')
})
