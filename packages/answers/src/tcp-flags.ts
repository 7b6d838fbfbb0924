import type { Filter } from './question.ts'

/** `ack` is of a SYN-ACK: alone it is not logged. https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html */
export const flag = (name: 'fin' | 'syn' | 'rst' | 'ack'): Filter => ({
  field: 'aws.vpcflow.tcp_flags_array',
  equals: name,
})

export const hasFlags: Filter = { field: 'aws.vpcflow.tcp_flags', exists: true }

/** Version 2 has none. */
export const noFlags: Filter = { not: hasFlags }

/** A record with the flag, or of which none is known to be missing: UDP and ICMP have no flags (AWS writes 0). */
export const mayHave = (name: Parameters<typeof flag>[0]): Filter => ({
  any: [flag(name), noFlags, { not: { field: 'network.iana_number', equals: '6' } }],
})
