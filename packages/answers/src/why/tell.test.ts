import { expect, test } from 'vitest'
import { arrived, at, change, eniB, evidence, good, logA, logB, port, sent } from '../../test/why/evidence.ts'
import { diagnose } from './diagnose.ts'
import { tell } from './tell.ts'

const options = { minute: 10, clientPort: 40_001 }
const blocked = evidence([...good({ minute: 1 }), sent(options), arrived({ ...options, reject: true })], {
  changes: [change('ModifyNetworkInterfaceAttribute', 8, { networkInterfaceId: eniB })],
  others: { clients: [{ address: '10.0.1.11', called: at(11), answered: at(11) }], targets: [] },
})

test('the answer first, how sure, then why', () => {
  const text = tell(diagnose(blocked))
  const [first, second, third] = text.split('\n')
  expect(first).toContain("B's side refuses it")
  expect(second).toBe('High: the records leave no other cause.')
  expect(third).toBe('1 of 2 connections show it, the first at 2026-11-22T09:10:00.000Z.')
  expect(text).toMatch(
    /^ {2}2026-11-22T09:10:00\.000Z {2}eni-0bb\S+ +ingress +10\.0\.1\.10:40001 > 10\.0\.2\.20:5432 +syn +3 +180 +REJECT$/m,
  )
  expect(text).toContain('changed 120 s before: ModifyNetworkInterfaceAttribute of eni-0bbbbbbbbbbbbbbb1 by ci-deploy')
  expect(text).toContain("Others since 2026-11-22T09:10:00.000Z\n  other clients of B's port: 1 of 1 got answers")
  expect(text).not.toContain('other targets of A')
  expect(text).toContain(`nc -vz -w 5 10.0.2.20 ${port}`)
  expect(text.trimEnd().split('\n').at(-1)).toBe('Complete until 2026-11-22T10:05:00.000Z')
})

test('what looks the same stands with how sure it is', () => {
  const text = tell(diagnose(evidence([sent()], { interfaces: [logA] })))
  expect(text.split('\n')[1]).toBe(
    'Consistent with the records, no more: blocked-at-target, lost-on-the-way, reply-blocked-at-target, reply-lost, asymmetric would look the same.',
  )
})

test('an address of IPv6 stands in brackets before its port', () => {
  const [a, b] = ['2001:db8:1::10', '2001:db8:2::20']
  const flow = arrived({ client: a, target: b, reject: true })
  const text = tell(
    diagnose(evidence([flow], { pair: { ...blocked.pair, a, b }, interfaces: [{ ...logB, holds: [b] }] })),
  )
  expect(text).toContain(`[${a}]:40000 > [${b}]:${port}`)
  expect(text).toContain(`flowferry why ${a} [${b}]:${port} --from`)
})

test('nothing that a log holds moves the cursor', () => {
  const changes = [change('ModifyNetworkInterfaceAttribute', 8, { networkInterfaceId: eniB })].map((one) => ({
    ...one,
    user: { name: 'x\u001b[2J' },
  }))
  expect(tell(diagnose({ ...blocked, changes }))).not.toContain('\u001b')
})

test('a long table is cut, and says so', () => {
  const flows = Array.from({ length: 12 }, (_, n) => arrived({ minute: n, clientPort: 40_000 + n, reject: true }))
  expect(tell(diagnose(evidence(flows)))).toContain('… and 4 more: --json has them whole')
})
