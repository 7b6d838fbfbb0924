import { type EC2Client, type FlowLog, paginateDescribeFlowLogs } from '@aws-sdk/client-ec2'
import { advisedFormat, missingFields } from '@flowferry/answers/why'
import { shellWord } from '@flowferry/core/internal'
import { type Check, fine, found, notChecked } from './check.ts'

export interface FlowLogOptions {
  /** A client of the region that is looked at. */
  readonly ec2: EC2Client
  readonly bucket: string
  /** Fields of the newest file of a VPC's, where it is text. */
  readonly header?: readonly string[] | undefined
  readonly signal?: AbortSignal | undefined
}

const name = 'flow log'

/** What the flow logs that deliver to a bucket keep, and what `why` cannot tell without what they lack. */
export async function checkFlowLogs({ header, ...options }: FlowLogOptions): Promise<Check[]> {
  const described = await describe(options)
  const ofHeader = header ? [fields('flow log fields', header, 'its newest file')] : []
  if ('error' in described)
    return [
      ...ofHeader,
      notChecked(
        name,
        `ec2:DescribeFlowLogs tells its traffic, its window and what is not delivered: ${described.error}`,
      ),
    ]
  const { flowLogs } = described
  if (flowLogs.length === 0)
    return [...ofHeader, notChecked(name, 'none of this account and region delivers to the bucket; others may')]
  return [...ofHeader, ...flowLogs.flatMap((one) => checksOf(one, header !== undefined))]
}

async function describe({
  ec2,
  bucket,
  signal,
}: FlowLogOptions): Promise<{ readonly flowLogs: readonly FlowLog[] } | { readonly error: string }> {
  const flowLogs: FlowLog[] = []
  try {
    const config = { client: ec2, pageSize: 1000 }
    for await (const page of paginateDescribeFlowLogs(config, {}, { ...(signal && { abortSignal: signal }) }))
      for (const one of page.FlowLogs ?? [])
        if (new RegExp(`^arn:[\\w-]+:s3:::${bucket.replaceAll('.', '\\.')}(?:/|$)`).test(one.LogDestination ?? ''))
          flowLogs.push(one)
    return { flowLogs }
  } catch (error) {
    return { error: (error as Error).message }
  }
}

function checksOf(one: FlowLog, isRead: boolean): Check[] {
  const { FlowLogId: id = '', ResourceId: resource = '', LogFormat = '', TrafficType: traffic } = one
  const check = `${name} ${id}`
  const names = [...LogFormat.matchAll(/\$\{([^}]+)\}/g)].map(([, field]) => field!)
  const checks: Check[] = []
  if (one.DeliverLogsErrorMessage !== undefined)
    checks.push(
      found(
        check,
        'fault',
        `of ${resource}: AWS cannot deliver it: ${one.DeliverLogsErrorMessage}`,
        'let delivery.logs.amazonaws.com write, in the policies of the bucket and of its key: docs/privileges.md',
      ),
    )
  const lacks = [
    ...(traffic !== undefined && traffic !== 'ALL'
      ? [`its traffic is ${traffic}: ${traffic === 'REJECT' ? 'what is accepted' : 'what is rejected'} is not seen`]
      : []),
    ...((one.MaxAggregationInterval ?? 0) > 60
      ? [`a record is of up to ${one.MaxAggregationInterval} s: what became of each connection is not seen`]
      : []),
  ]
  // `why` asks flow logs of VPCs, and AWS gives a transit gateway's neither a choice of traffic nor of windows.
  if (/^tgw-/.test(resource)) return checks.length > 0 ? checks : [fine(check, `of the transit gateway ${resource}`)]
  const what = `of ${resource}, ${traffic ?? 'all'} traffic, windows of ${one.MaxAggregationInterval ?? '?'} s`
  if (lacks.length > 0)
    checks.push(found(check, 'warning', what, replaceIt('--traffic-type ALL --max-aggregation-interval 60'), lacks))
  else if (checks.length === 0) checks.push(fine(check, what))
  if (!isRead && names.length > 0) checks.push(fields(`${check} fields`, names, 'its format'))
  return checks
}

function fields(check: string, names: readonly string[], where: string): Check {
  const missing = missingFields(names)
  if (missing.length === 0) return fine(check, `${where} has all that why asks for`)
  const details = missing.map((need) => `without ${need.fields.join(', ')}: ${need.what}`)
  const all = [...names, ...missing.flatMap((need) => need.fields)]
  const todo = replaceIt(`--log-format ${shellWord(advisedFormat(all))}`)
  return found(check, 'warning', `${where} lacks what why would tell by`, todo, details)
}

const replaceIt = (options: string) =>
  `a flow log cannot be changed; make another: aws ec2 create-flow-logs … ${options}`
