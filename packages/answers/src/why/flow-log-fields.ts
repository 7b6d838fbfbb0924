/** What an answer cannot tell without some fields of the flow log. */
export interface FieldNeed {
  /** Names of the flow log's, as AWS has them: `tcp-flags`. */
  readonly fields: readonly string[]
  /** What they tell, as a member of what `cannotTell` names. */
  readonly what: string
}

/** What `cannotTell` says where no record has these fields. */
export const fieldNeeds = {
  flags: { fields: ['tcp-flags'], what: 'SYN, reset and end of connections' },
  packetAddresses: {
    fields: ['pkt-srcaddr', 'pkt-dstaddr'],
    what: 'replies by another interface, and traffic behind NAT',
  },
  reasons: {
    fields: ['reject-reason'],
    what: 'whether VPC Block Public Access or encryption controls reject',
  },
} as const satisfies Record<string, FieldNeed>

/** What else `why` makes of the fields that it advises, and of AWS's default ones. */
const others: readonly FieldNeed[] = [
  {
    fields: ['flow-direction'],
    what: 'by which interface a packet left, and the addresses of pods and behind NAT gateways',
  },
  {
    fields: ['vpc-id', 'subnet-id'],
    what: 'whether a security group alone can have rejected, and rejects of neighbours',
  },
  { fields: ['instance-id', 'interface-type'], what: 'i-… by its flow logs, and further addresses of an instance' },
  {
    fields: ['traffic-path', 'next-hop-interface-id', 'next-hop-interface-type'],
    what: 'the way that traffic leaves by: a transit gateway, peering, an internet gateway',
  },
]

/** Those of AWS's default fields that `why` reads. */
const defaults: readonly FieldNeed[] = [
  {
    fields: ['interface-id', 'srcaddr', 'dstaddr', 'srcport', 'dstport', 'protocol', 'start', 'end', 'action'],
    what: 'who tried to reach whom, when, and whether it was rejected',
  },
  { fields: ['packets', 'bytes'], what: 'what looks like a SYN without flags, and whether large packets are lost' },
  { fields: ['log-status'], what: 'of which windows AWS skipped records' },
]

/**
 * What `why` cannot tell of the records of a flow log with these fields, the worst first; none: it has all that is advised.
 *
 * @param fields In any order, as the header of a file has them: `version`, `srcaddr`, …
 *
 * @example
 * for (const { fields, what } of missingFields(['version', 'srcaddr', 'dstaddr'])) console.log(fields.join(' '), what)
 */
export function missingFields(fields: readonly string[]): FieldNeed[] {
  const { flags, packetAddresses, reasons } = fieldNeeds
  return [...defaults, flags, packetAddresses, reasons, ...others].flatMap((need) => {
    const missing = need.fields.filter((name) => !fields.includes(name))
    return missing.length > 0 ? [{ fields: missing, what: need.what }] : []
  })
}
