import type { LogDocument } from '@flowferry/core'
import type { KnownInterface } from './known.ts'

/** What is asked. */
export interface Pair {
  /** Address of the client. */
  readonly a: string
  /** Address of the target. */
  readonly b: string
  /** @default the port of B on which most tries failed, else on which most were made */
  readonly port?: number
  /** ISO 8601: tries from here on. */
  readonly since: string
  /** ISO 8601: tries before this. */
  readonly until: string
}

/** What the stored logs have of one pair. The documents may be small or full ones; any field but the addresses may be missing. */
export interface Evidence {
  readonly pair: Pair
  /** Flow records of VPCs that hold A and B in `related.ip`, and those of NAT gateways' interfaces that hold B. */
  readonly flows: readonly LogDocument[]
  /** Every interface with records in the span, or in the day before it, of which something is known. */
  readonly interfaces: readonly InterfaceLog[]
  /** Records of transit gateways that hold A and B. @default none */
  readonly transit?: readonly LogDocument[]
  /** A's tries at other addresses on B's port, flow records of A's interface. @default none */
  readonly elsewhere?: readonly LogDocument[]
  /** @default none seen */
  readonly others?: { readonly clients: readonly OtherCalls[]; readonly targets: readonly OtherCalls[] }
  /** CloudTrail's events of the time. @default not known */
  readonly changes?: readonly LogDocument[]
  /** What of it the store left out, and why. @default nothing */
  readonly partial?: readonly string[]
  /** AWS's names of the fields that the flow logs are known to have, of their header lines or DescribeFlowLogs. @default not known */
  readonly fields?: readonly string[]
  /** Interfaces of A and B, as a snapshot has them. @default none */
  readonly known?: readonly KnownInterface[]
  /**
   * CloudTrail's DeleteFlowLogs from the span to the snapshot: of a flow log that is gone the snapshot has nothing.
   * @default not known
   */
  readonly deletedFlowLogs?: readonly LogDocument[]
  /** ISO 8601: no flow record from before was read. @default those of the day before the span were */
  readonly readFrom?: string
}

/** ISO 8601. */
export interface Window {
  readonly start: string
  readonly end: string
}

/** What one interface's flow log has of a span, from a day before it on. */
export interface InterfaceLog {
  readonly id: string
  /** Of A and B, those that are this interface's own. */
  readonly holds: readonly string[]
  readonly type?: string
  readonly subnet?: string
  readonly vpc?: string
  readonly instance?: string
  /** Records with traffic. */
  readonly records: number
  /** Whether any record, of whatever traffic, is a REJECT: flow logs may be of accepted traffic alone. */
  readonly rejects: boolean
  /** Whether any has a reject-reason. @default not known */
  readonly reasons?: boolean
  /** Whether it accepted, while what A and B send each other was rejected, what others of private addresses sent or got. @default not known */
  readonly passes?: boolean
  /** Whether any such traffic, that of A and B counted, was not encrypted in transit. @default not known */
  readonly plain?: boolean
  /** Whether any is an ACCEPT. */
  readonly accepts: boolean
  /**
   * The flow logs that its records are of, as `aws.vpcflow.flow_log_id` has it.
   *
   * @default not known, of all records or of some
   */
  readonly flowLogs?: readonly FlowLogSeen[]
  /**
   * Windows of which records are missing: AWS skipped them, files that may hold them were not to be read, or there is no
   * record at all (`gap`), not even one without traffic. `absent`: there was no interface.
   */
  readonly skipped: readonly (Window & { readonly unread?: true; readonly gap?: true; readonly absent?: true })[]
  /** ISO 8601: first and last record, silent windows (NODATA) counted. */
  readonly oldest: string
  readonly newest: string
}

/** What a flow log has shown of itself; none can be changed. */
export interface FlowLogSeen {
  /** `fl-…` */
  readonly id: string
  /** Whether its records of the interface go through all of the span that any flow log of the interface has. */
  readonly covers: boolean
  /** Whether any record of it, of whatever interface, is a REJECT. */
  readonly rejects: boolean
  /** Whether it has records of another interface: it is of their subnet or VPC. */
  readonly isShared: boolean
}

/** Another client of B, or another target of A. */
export interface OtherCalls {
  readonly address: string
  /** ISO 8601: when the newest record of a call began. */
  readonly called: string
  /** ISO 8601: when the newest record of an answer began. @default none */
  readonly answered?: string
}
