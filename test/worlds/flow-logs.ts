/** What DescribeFlowLogs answers of a world's flow logs: the truth, or what was true at another time. */
import type { Random } from '../support/random.ts'
import { event, type TrailEvent } from './cloudtrail.ts'
import { type FlowLogFiles, trailFiles, type WorldFile } from './files.ts'
import { idOf } from './ids.ts'
import type { Interface } from './network.ts'
import type { Network, Side } from './topology.ts'

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_FlowLog.html */
interface DescribedFlowLog {
  readonly flowLogId: string
  readonly resourceId: string
  readonly trafficType?: 'ACCEPT' | 'REJECT' | 'ALL'
  readonly logFormat: string
  readonly maxAggregationInterval: number
  readonly flowLogStatus: 'ACTIVE'
  /** ISO 8601. */
  readonly creationTime: string
  readonly logDestinationType: 's3'
  readonly logDestination: string
}

/**
 * `after`: behind the span, where nothing was changed. `before`: an hour before it, where nothing was. `replaced`: before it,
 * and others came in their place since. `new`: behind it, and they are others that came within it. `deleted`: behind it,
 * where those that wrote the records are gone, and others that there were beside them are left.
 */
export type Asked = 'after' | 'before' | 'replaced' | 'new' | 'deleted'

export interface FlowLogsAsked {
  /** ISO 8601. */
  readonly at: string
  readonly flowLogs: readonly DescribedFlowLog[]
  /** CloudTrail's files of what was done to flow logs since. */
  readonly trail: readonly WorldFile[]
}

export interface Writing {
  readonly interfaces: readonly (readonly [Side, Interface])[]
  readonly written: Readonly<Record<Side | 'transit', FlowLogFiles | undefined>>
  /** Seconds. */
  readonly interval: number
  readonly acceptedAlone: readonly Side[]
}

const hour = 3600
const day = 24 * hour

export function describedFlowLogs(
  draw: Random,
  net: Network,
  { since, until }: { readonly since: number; readonly until: number },
  writing: Writing,
): Record<Asked, FlowLogsAsked> {
  const flowLogs = flowLogsOf(draw, net, iso(since - day - draw.int(300 * day)), writing)
  const others = flowLogs.map((one) => otherThan(draw, one))
  const within = iso(since + draw.int(until - since))
  const events = (time: number): TrailEvent[] => [
    event(draw, net, createFlowLogs(others), time),
    event(draw, net, deleteFlowLogs(flowLogs), time + 60),
  ]
  const asked = (time: number, some: readonly DescribedFlowLog[], trail: readonly TrailEvent[] = []) => ({
    at: iso(time),
    flowLogs: some,
    trail: trailFiles(draw, net, trail),
  })
  return {
    after: asked(until + hour, flowLogs),
    before: asked(since - hour, flowLogs),
    replaced: asked(since - hour, others, events(since - hour / 2)),
    new: asked(
      until + hour,
      others.map((one) => ({ ...one, creationTime: within })),
      events(Date.parse(within) / 1000),
    ),
    deleted: asked(until + hour, others, [event(draw, net, deleteFlowLogs(flowLogs), until + hour / 2)]),
  }
}

/** One of each subnet; of single interfaces where a subnet's are not all written alike. */
function flowLogsOf(
  draw: Random,
  net: Network,
  creationTime: string,
  { interfaces, written, interval, acceptedAlone }: Writing,
): DescribedFlowLog[] {
  const ofSides = (['a', 'b'] as const).flatMap((side) => {
    const log = written[side]
    if (!log) return []
    const own = interfaces.flatMap(([of, at]) => (of === side ? [at] : []))
    const unlike = net.interfaces.filter(([of, at]) => of !== side || !own.includes(at)).map(([, at]) => at.subnet)
    const resources = own.map((at) => (unlike.includes(at.subnet) ? at.id : at.subnet.id))
    return [...new Set(resources)].map((resourceId, n) => ({
      flowLogId: n === 0 ? log.id : idOf(draw, 'fl'),
      resourceId,
      trafficType: acceptedAlone.includes(side) ? ('ACCEPT' as const) : ('ALL' as const),
      logFormat: log.format,
      maxAggregationInterval: interval,
    }))
  })
  const ofGateway = written.transit
    ? [
        {
          flowLogId: written.transit.id,
          resourceId: net.gateway.id,
          logFormat: written.transit.format,
          maxAggregationInterval: 60,
        },
      ]
    : []
  return [...ofSides, ...ofGateway].map((one) => ({
    ...one,
    flowLogStatus: 'ACTIVE',
    creationTime,
    logDestinationType: 's3',
    logDestination: 'arn:aws:s3:::flow-logs-of-the-network',
  }))
}

const reason = `\${reject-reason}`

/** A flow log of the same resource that keeps what this one does not, and has or lacks reject-reason where this one does not. */
function otherThan(draw: Random, one: DescribedFlowLog): DescribedFlowLog {
  const { trafficType, logFormat } = one
  return {
    ...one,
    flowLogId: idOf(draw, 'fl'),
    ...(trafficType && { trafficType: trafficType === 'ALL' ? 'ACCEPT' : 'ALL' }),
    logFormat: logFormat.includes(reason) ? logFormat.replace(` ${reason}`, '') : `${logFormat} ${reason}`,
    logDestination: 'arn:aws:s3:::flow-logs-of-the-security-team',
  }
}

const createFlowLogs = (flowLogs: readonly DescribedFlowLog[]) => ({
  source: 'ec2' as const,
  name: 'CreateFlowLogs',
  resource: flowLogs[0]?.resourceId ?? '',
  request: {
    CreateFlowLogsRequest: {
      ResourceType: 'Subnet',
      ResourceId: flowLogs.map(({ resourceId }, n) => ({ content: resourceId, tag: n + 1 })),
    },
  },
  response: {
    CreateFlowLogsResponse: {
      flowLogIdSet: { item: flowLogs.map(({ flowLogId }) => flowLogId) },
      unsuccessful: '',
    },
  },
})

const deleteFlowLogs = (flowLogs: readonly DescribedFlowLog[]) => ({
  source: 'ec2' as const,
  name: 'DeleteFlowLogs',
  resource: flowLogs[0]?.flowLogId ?? '',
  request: {
    DeleteFlowLogsRequest: { FlowLogId: flowLogs.map(({ flowLogId }, n) => ({ content: flowLogId, tag: n + 1 })) },
  },
  response: { DeleteFlowLogsResponse: { unsuccessful: '' } },
})

const iso = (seconds: number) => new Date(Math.floor(seconds) * 1000).toISOString()
