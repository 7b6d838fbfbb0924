import { type Case, isComplete, logsRejects, logsRejectsAlone, losesRecords, type Side } from './case.ts'
import type { Diagnosis } from './diagnosis.ts'

/** The flow log that `why` reads best, 60 s windows, in AWS's notation. */
const advised =
  'vpc-id subnet-id instance-id tcp-flags pkt-srcaddr pkt-dstaddr flow-direction traffic-path reject-reason interface-type next-hop-interface-id next-hop-interface-type'

/** What is left out and rejects come first: without them nothing below is as it looks. */
export function cannotTell(all: Case): Diagnosis['cannotTell'] {
  const { a, b, evidence } = all
  const sides: readonly (readonly [string, Side])[] = [
    ['A', a],
    ['B', b],
  ]
  const logged = sides.filter(([, { log }]) => log)
  const earlier =
    evidence.readFrom === undefined
      ? ''
      : `, or a record from before ${evidence.readFrom}: --lookback reads back further`
  const skipsOf = ({ log }: Side) => (log?.skipped ?? []).filter(({ unread, gap }) => !unread && !gap).length
  const gapsOf = ({ log }: Side) => (log?.skipped ?? []).filter(({ gap }) => gap)
  const has = (...names: string[]) => evidence.flows.some(({ aws }) => names.some((name) => name in vpcflowOf(aws)))
  return [
    ...(evidence.partial ?? []).map((why) => ({ what: 'what the records that are left out show', missing: why })),
    ...logged
      .filter(([, side]) => logsRejects(all, side) !== 'yes')
      .map(([whose, { log }]) => ({
        what: `whether ${whose}'s interface rejects: ${log!.id} has no REJECT record, so its flow log may be of accepted traffic alone`,
        missing: `a flow log of traffic type ALL for ${log!.id}${earlier}`,
      })),
    ...logged
      .filter(([, { log }]) => logsRejectsAlone(log!))
      .map(([whose, { log }]) => ({
        what: `what ${whose}'s interface accepts: ${log!.id} has no ACCEPT record, so its flow log may be of rejected traffic alone`,
        missing: `a flow log of traffic type ALL for ${log!.id}`,
      })),
    ...sides
      .filter(([, { log }]) => !log)
      .map(([whose, { address, known }]) => ({
        what: `what ${whose}'s interface sees`,
        missing: `a flow log of ${known ? `${known.id}, ` : ''}the interface of ${address}${earlier}`,
      })),
    ...logged
      .filter(([, side]) => skipsOf(side) > 0)
      .map(([whose, side]) => ({
        what: `what ${whose}'s interface saw in ${skipsOf(side)} windows, of which AWS skipped records (SKIPDATA)`,
        missing: 'records that AWS did not write',
      })),
    ...logged.flatMap(([whose, side]) =>
      gapsOf(side).map(({ start, end }) => ({
        what: `what ${whose}'s interface saw from ${start} to ${end}, of which it has no record, not even one without traffic (NODATA)`,
        missing: 'files of the flow log that were not read, or not delivered yet',
      })),
    ),
    ...(losesRecords(all)
      ? [
          {
            what: 'what is not recorded: of some connections one direction alone is, although no window was skipped',
            missing: 'files of the flow log that were not read, or not delivered yet',
          },
        ]
      : []),
    ...(all.hasFlags || all.isUdp
      ? []
      : [{ what: 'SYN, reset and end of connections', missing: `tcp-flags in the flow log; advised: ${advised}` }]),
    ...(all.hasPacketAddresses
      ? []
      : [
          {
            what: 'replies by another interface, and traffic behind NAT',
            missing: 'pkt-srcaddr and pkt-dstaddr in the flow log',
          },
        ]),
    ...(has('reject_reason') || evidence.fields?.includes('reject-reason')
      ? []
      : [
          {
            what: 'whether VPC Block Public Access or encryption controls reject',
            missing: 'reject-reason in the flow log, or a record that has one',
          },
        ]),
    ...(evidence.changes === undefined
      ? [{ what: 'what was changed before', missing: "CloudTrail's management events" }]
      : []),
    ...(all.tries.some((one) => !isComplete(all, one))
      ? [{ what: 'the newest connections: records of them may still come', missing: 'some 15 minutes' }]
      : []),
  ]
}

const vpcflowOf = (aws: unknown): object => (aws as { vpcflow?: object } | undefined)?.vpcflow ?? {}
