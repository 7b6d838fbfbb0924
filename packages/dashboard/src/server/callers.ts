import type { PlainQuestion } from '@flowferry/answers'

/** Who calls a port of an address, and what became of it by the records: rejects are of either direction. */
export function callers(address: string, port: number): PlainQuestion {
  return {
    name: 'callers-of',
    title: `Who calls ${address}, port ${port}`,
    formats: ['aws.vpcflow'],
    columns: {
      'source.ip': { heading: 'client' },
      'destination.ip': { heading: 'service' },
      'destination.port': { heading: 'port', unit: 'code' },
      records: { heading: 'records' },
      rejected: { heading: 'rejected' },
      syns: { heading: 'SYN alone' },
      first: { heading: 'first', unit: 'time' },
      last: { heading: 'last', unit: 'time' },
    },
    know: 'Requests alone. Records with a SYN and no more are of tries without an answer, or of connections that began at the end of a window.',
    over: (span) => ({
      kind: 'groups',
      formats: ['aws.vpcflow'],
      span,
      filters: [
        { field: 'destination.ip', equals: address },
        { field: 'destination.port', equals: port },
      ],
      groups: ['source.ip', 'destination.ip', 'destination.port'],
      measures: {
        records: { count: true },
        rejected: { count: true, where: [{ field: 'event.action', equals: 'reject' }] },
        syns: { count: true, where: [{ field: 'aws.vpcflow.tcp_flags', equals: '2' }] },
        first: { min: 'event.start' },
        last: { max: '@timestamp' },
      },
      order: [
        { by: 'syns', direction: 'desc' },
        { by: 'records', direction: 'desc' },
      ],
    }),
  }
}
