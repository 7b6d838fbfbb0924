import { describe, expect, test } from 'vitest'
import { arrived, evidence, log, logA, logB, pair, port, seenBy, sent } from '../../test/why/evidence.ts'
import { diagnose } from './diagnose.ts'
import { flowsOf } from './flow.ts'
import { throughNat } from './through-nat.ts'

const nat = 'eni-0ccccccccccccccc1'
const gateway = '10.0.4.4'
const entering = (more: Parameters<typeof sent>[0] = {}) =>
  seenBy(nat, 'ingress', false, { ...more, more: { interface_type: 'nat_gateway' } })
const leaving = (clientPort: number, more: Parameters<typeof sent>[0] = {}) =>
  seenBy(nat, 'egress', false, { ...more, client: gateway, clientPort, more: { interface_type: 'nat_gateway' } })
const natLog = log(nat, [], { type: 'nat_gateway' })
const told = (documents: Parameters<typeof flowsOf>[0]) => throughNat(flowsOf(documents), pair, port)

describe('behind a private NAT gateway', () => {
  test("the connection that leaves in the same window, as many packets and bytes, is A's, whatever its port", () => {
    const [atB] = flowsOf([arrived({ client: gateway, clientPort: 2000 })])
    const { ofA, unknown } = told([entering(), leaving(2000), leaving(2001, { packets: 30 })])
    expect(ofA(atB!)).toMatchObject({ source: pair.a, sourcePort: 40_000, translated: true })
    expect(unknown.map(({ sourcePort }) => sourcePort)).toEqual([2001])
  })

  test("another client's is not, nor one of an hour later", () => {
    const { ofA } = told([entering({ client: '10.0.1.11' }), leaving(2000)])
    const [atB] = flowsOf([arrived({ client: gateway, clientPort: 2000 })])
    expect(ofA(atB!)).toEqual(atB)
    const [later] = flowsOf([arrived({ client: gateway, clientPort: 2000, minute: 70 })])
    expect(told([entering(), leaving(2000)]).ofA(later!)).toEqual(later)
  })

  test('what B does with it is told of A', () => {
    const documents = [sent(), entering(), leaving(2000), arrived({ client: gateway, clientPort: 2000, reject: true })]
    const { cause, certainty } = diagnose(evidence(documents, { interfaces: [logA, logB, natLog] }))
    expect({ cause, certainty }).toEqual({ cause: 'blocked-at-target', certainty: 'high' })
  })

  test('a SYN that does not leave it has no port, also where others do', () => {
    const others = [entering({ client: '10.0.1.11', packets: 30 }), leaving(2001, { packets: 30 })]
    const { cause } = diagnose(evidence([sent(), entering(), ...others], { interfaces: [logA, logB, natLog] }))
    expect(cause).toBe('nat-ports')
  })
})
