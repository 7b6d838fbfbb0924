/** What alerts fire on, and what looks like it: lines and events as AWS writes them, for the real parsers. */
import type { EvaluateOptions } from '@flowferry/answers/alerts'
import { detect, ingest, type Sink } from '@flowferry/core'
import { cloudFront } from '@flowferry/core/formats/cloudfront'
import { cloudTrail } from '@flowferry/core/formats/cloudtrail'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { memoryObject, memorySource } from '@flowferry/core/testing'

export const parser = detect([vpcFlow, cloudTrail, cloudFront])
/** The evaluation. Flow records are whole until 11:00, events and requests of the CDN until 10:00. */
export const now = '2026-11-22T12:00:00Z'
const at = (time: string, day = 22) => Date.parse(`2026-11-${day}T${time}Z`) / 1000
const [flowWindow, auditWindow] = [at('10:45:30'), at('09:45:30')]
const hour = 3600
const day = 24 * hour

interface Flow {
  readonly eni: string
  readonly from: string
  readonly to: string
  readonly ports: readonly [number, number]
  readonly end: number
  readonly account?: string
  readonly protocol?: number
  readonly bytes?: number
  readonly packets?: number
  readonly flags?: number | '-'
  readonly reject?: true | 'BPA' | 'EC'
  readonly direction?: 'ingress' | 'egress'
  readonly instance?: string
}

/** Connections to the service of `service-unanswered` that it answers. */
const answered = (count: number) =>
  times(count, (n) => [
    flow({
      eni: 'eni-2a',
      from: '10.2.0.6',
      to: '10.2.1.9',
      ports: [42_500 + n, 9443],
      end: flowWindow + n,
      flags: 3,
    }),
    flow({
      eni: 'eni-2a',
      from: '10.2.1.9',
      to: '10.2.0.6',
      ports: [9443, 42_500 + n],
      end: flowWindow + n,
      flags: 19,
      direction: 'egress',
    }),
  ]).flat()

const header =
  'version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status tcp-flags flow-direction reject-reason instance-id'
const account = '123456789012'

export function flow({ eni, from, to, ports, end, ...rest }: Flow): string {
  const { protocol = 6, bytes = 180, packets = 3, flags = 2, reject, direction = 'ingress', instance = '-' } = rest
  const why = typeof reject === 'string' ? reject : '-'
  return `5 ${rest.account ?? account} ${eni} ${from} ${to} ${ports.join(' ')} ${protocol} ${packets} ${bytes} ${end - 30} ${end} ${reject ? 'REJECT' : 'ACCEPT'} OK ${flags} ${direction} ${why} ${instance}`
}

const without = (eni: string, end: number, status: 'NODATA' | 'SKIPDATA', whose = account): string =>
  `5 ${whose} ${eni} - - - - - - - ${end - 60} ${end} - ${status} - - - -`

const times = <T>(count: number, make: (n: number) => T): T[] => Array.from({ length: count }, (_, n) => make(n))

let events = 0
const iam = (name: string) => ({
  type: 'IAMUser',
  principalId: `AIDA${name.toUpperCase()}`,
  arn: `arn:aws:iam::${account}:user/${name}`,
  accountId: account,
  userName: name,
})
const role = (name: string) => ({
  type: 'AssumedRole',
  principalId: `AROA${name.toUpperCase()}:session`,
  arn: `arn:aws:sts::${account}:assumed-role/${name}/session`,
  accountId: account,
  sessionContext: { sessionIssuer: { type: 'Role', userName: name, arn: `arn:aws:iam::${account}:role/${name}` } },
})
const root = { type: 'Root', principalId: account, arn: `arn:aws:iam::${account}:root`, accountId: account }

/** An event of CloudTrail: `ec2:DeleteFlowLogs`. */
export function call(action: string, time: number, userIdentity: object, more: object = {}): object {
  const [service, eventName] = action.split(':')
  return {
    eventVersion: '1.11',
    userIdentity,
    eventTime: new Date(time * 1000).toISOString().replace('.000', ''),
    eventSource: `${service}.amazonaws.com`,
    eventName,
    awsRegion: 'eu-central-1',
    sourceIPAddress: '198.51.100.42',
    userAgent: 'aws-cli/2.31.0',
    eventID: `00000000-0000-4000-8000-${String(++events).padStart(12, '0')}`,
    readOnly: false,
    eventType: 'AwsApiCall',
    managementEvent: true,
    recipientAccountId: account,
    ...more,
  }
}

const signIn = (time: number, who: object, mfa: 'Yes' | 'No', result = 'Success') =>
  call('signin:ConsoleLogin', time, who, {
    eventType: 'AwsConsoleSignIn',
    responseElements: { ConsoleLogin: result },
    additionalEventData: { MFAUsed: mfa, LoginTo: 'https://console.aws.amazon.com' },
  })

const ranges = (...blocks: readonly string[]) => ({
  ipRanges: { items: blocks.filter((one) => !one.includes(':')).map((cidrIp) => ({ cidrIp })) },
  ipv6Ranges: { items: blocks.filter((one) => one.includes(':')).map((cidrIpv6) => ({ cidrIpv6 })) },
})
const opens = (groupId: string, ...items: readonly object[]) => ({
  requestParameters: { groupId, ipPermissions: { items } },
  responseElements: { requestId: 'r', _return: true },
})
const tcp = (fromPort: number, toPort = fromPort) => ({ ipProtocol: 'tcp', fromPort, toPort })
const authorize = (groupId: string, time: number, who: object, ...items: readonly object[]) =>
  call('ec2:AuthorizeSecurityGroupIngress', time, who, opens(groupId, ...items))

const requestNames =
  'date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status x-edge-result-type x-edge-request-id time-taken'

function request(domain: string, time: number, status: number, result: string): string {
  const [date, clock] = new Date(time * 1000).toISOString().slice(0, 19).split('T')
  return [date, clock, 'FRA56-P4', 900, '192.0.2.9', 'GET', domain, '/', status, result, `id-${++events}==`, 0.01].join(
    '\t',
  )
}

interface World {
  readonly flows: readonly string[]
  readonly calls: readonly object[]
  readonly requests: readonly string[]
  readonly options?: EvaluateOptions
}

/** Logs that go on, so that all that is whole can be told. */
const going: World = {
  flows: times(26 * 6, (n) =>
    flow({
      eni: 'eni-0f',
      from: '10.99.0.1',
      to: '10.99.0.2',
      ports: [40_000, 443],
      end: at('11:59:00') - n * 600,
      flags: 3,
    }),
  ),
  calls: times(26 * 3, (n) => call('s3:GetObject', at('11:58:00') - n * 1200, role('reader'), { readOnly: true })),
  requests: times(26 * 3, (n) => request('d0.cloudfront.net', at('11:57:00') - n * 1200, 200, 'Hit')),
}

/** Interfaces that go on to be logged. */
const quiet = (...enis: readonly string[]) => enis.map((eni) => without(eni, at('11:10:00'), 'NODATA'))

/** Each alert once. */
const fires: World = {
  flows: [
    ...going.flows,
    // Rejects of a service that had none.
    ...times(60, (n) =>
      flow({
        eni: 'eni-1a',
        from: '10.1.0.7',
        to: '10.1.0.9',
        ports: [41_000 + n, 5432],
        end: flowWindow + n * 10,
        reject: true,
      }),
    ),
    // Tries of five clients without an answer, and a few that are answered.
    ...times(25, (n) =>
      flow({
        eni: 'eni-2a',
        from: `10.2.0.${1 + (n % 5)}`,
        to: '10.2.1.9',
        ports: [42_000 + n, 9443],
        end: flowWindow + n * 20,
      }),
    ),
    ...answered(5),
    // The answer to a request is rejected as it leaves.
    flow({
      eni: 'eni-3a',
      from: '10.3.0.9',
      to: '10.3.0.7',
      ports: [443, 43_000],
      end: at('11:40:00'),
      flags: 18,
      direction: 'egress',
      reject: true,
    }),
    // A scan of ports.
    ...times(120, (n) =>
      flow({
        eni: 'eni-4a',
        from: '10.4.0.6',
        to: '10.4.1.9',
        ports: [44_000, 1 + n],
        end: flowWindow + n * 5,
        reject: true,
      }),
    ),
    // To several addresses outside, from one that never sent much.
    ...times(3, (n) =>
      flow({
        eni: 'eni-5a',
        from: '10.5.0.6',
        to: `203.0.113.${50 + n}`,
        ports: [45_000, 443],
        end: at('10:40:00') + n,
        bytes: 500_000_000,
        packets: 400_000,
        flags: 3,
        direction: 'egress',
      }),
    ),
    flow({
      eni: 'eni-6a',
      from: '10.6.0.6',
      to: '10.6.0.9',
      ports: [46_000, 445],
      end: at('10:40:00'),
      bytes: 2_000_000_000,
      packets: 1_500_000,
      flags: 3,
      direction: 'egress',
    }),
    flow({
      eni: 'eni-6a',
      from: '10.6.0.6',
      to: '10.6.0.9',
      ports: [46_001, 445],
      end: at('02:40:00'),
      bytes: 100_000_000,
      packets: 70_000,
      flags: 3,
      direction: 'egress',
    }),
    flow({
      eni: 'eni-7a',
      from: '10.7.0.6',
      to: '203.0.113.7',
      ports: [47_000, 443],
      end: at('11:50:00'),
      direction: 'egress',
      reject: 'BPA',
    }),
    flow({
      eni: 'eni-08',
      from: '10.8.0.6',
      to: '10.8.0.7',
      ports: [48_000, 443],
      end: at('09:00:00'),
      flags: 3,
      account: '888888888888',
    }),
    without('eni-09', at('10:50:00'), 'SKIPDATA', '777777777777'),
    ...quiet('eni-1a', 'eni-2a', 'eni-3a', 'eni-4a', 'eni-5a', 'eni-6a', 'eni-7a'),
  ],
  calls: [
    ...going.calls,
    call('ec2:RunInstances', at('11:50:00'), root),
    signIn(at('11:51:00'), iam('eve'), 'No'),
    ...times(25, (n) =>
      call(`s3:Get${n % 3}`, auditWindow + n * 20, iam('mallory'), { errorCode: 'AccessDenied', errorMessage: 'no' }),
    ),
    // The four forms in which AWS writes it.
    authorize(
      'sg-0a000001',
      at('11:40:00'),
      iam('ann'),
      { ...tcp(443), ...ranges('0.0.0.0/0') },
      { ...tcp(22), ...ranges('10.0.0.0/8', '::/0') },
    ),
    call('ec2:AuthorizeSecurityGroupIngress', at('11:41:00'), iam('ann'), {
      requestParameters: { groupId: 'sg-0a000002', cidrIp: '0.0.0.0/0', ...tcp(3389), ipPermissions: {} },
    }),
    call('ec2:ModifySecurityGroupRules', at('11:42:00'), iam('ann'), {
      requestParameters: {
        ModifySecurityGroupRulesRequest: {
          GroupId: 'sg-0a000003',
          SecurityGroupRule: {
            SecurityGroupRuleId: 'sgr-1',
            SecurityGroupRule: { IpProtocol: '-1', FromPort: -1, ToPort: -1, CidrIpv4: '0.0.0.0/0' },
            tag: 1,
          },
        },
      },
    }),
    call('ec2:AuthorizeSecurityGroupIngress', at('11:43:00'), iam('ann'), {
      requestParameters: { groupId: 'sg-0a000004' },
      responseElements: {
        securityGroupRuleSet: {
          items: [{ groupId: 'sg-0a000004', isEgress: false, ...tcp(5432, 5433), cidrIpv4: '0.0.0.0/0' }],
        },
      },
    }),
    call('cloudtrail:StopLogging', at('11:44:00'), iam('mallory'), { requestParameters: { name: 'main' } }),
    call('iam:CreateAccessKey', at('11:45:00'), iam('mallory'), { requestParameters: { userName: 'admin' } }),
  ],
  requests: [
    ...going.requests,
    ...times(1000, (n) =>
      request('d1.cloudfront.net', auditWindow + (n % 800), n < 150 ? 502 : 200, n < 150 ? 'Error' : 'Hit'),
    ),
    ...times(1200, (n) => request('d2.cloudfront.net', auditWindow + (n % 800), 200, n % 10 < 3 ? 'Hit' : 'Miss')),
    ...times(1200, (n) =>
      request('d2.cloudfront.net', auditWindow - day + (n % 800), 200, n % 10 < 9 ? 'Hit' : 'Miss'),
    ),
  ],
  options: {
    queues: [
      { name: 'dead', attributes: { ApproximateNumberOfMessages: '2', ApproximateNumberOfMessagesNotVisible: '1' } },
    ],
  },
}

/** What each alert is told of, beside the numbers. */
export const fired: readonly (readonly [string, ...unknown[]])[] = [
  ['own-rejects', 'eni-1a', '10.1.0.9', 5432],
  ['service-unanswered', '10.2.1.9', 9443],
  ['reply-rejected', 'eni-3a', '10.3.0.9', 443],
  ['port-scan', '10.4.0.6'],
  ['egress-spike', '10.5.0.6'],
  ['talker-jump', '10.6.0.6', '10.6.0.9'],
  ['vpc-control-rejects', 'eni-7a', 'BPA'],
  ['flow-log-gap', '888888888888'],
  ['flow-log-gap', '777777777777'],
  ['root-used', account, '198.51.100.42'],
  ['console-without-mfa', account, 'eve'],
  ['denied-burst', account, `arn:aws:iam::${account}:user/mallory`],
  ['open-to-world', account, 'sg-0a000001', '22', '::/0', `arn:aws:iam::${account}:user/ann`],
  ['open-to-world', account, 'sg-0a000002', '3389', '0.0.0.0/0', `arn:aws:iam::${account}:user/ann`],
  ['open-to-world', account, 'sg-0a000003', 'all', '0.0.0.0/0', `arn:aws:iam::${account}:user/ann`],
  ['open-to-world', account, 'sg-0a000004', '5432-5433', '0.0.0.0/0', `arn:aws:iam::${account}:user/ann`],
  ['logging-stopped', account, 'eu-central-1', `arn:aws:iam::${account}:user/mallory`, 'StopLogging'],
  ['credentials-created', account, `arn:aws:iam::${account}:user/mallory`, 'mallory', 'admin', 'CreateAccessKey'],
  ['cdn-failing', 'd1.cloudfront.net'],
  ['cdn-hit-ratio', 'd2.cloudfront.net'],
  ['dead-letters', 'dead'],
]

const scanner = '10.1.9.9'
/** What looks like it: nothing fires. */
const silent: World = {
  flows: [
    ...going.flows,
    // Rejected all day, as much as now.
    ...times(25 * 4 * 60, (n) =>
      flow({
        eni: 'eni-1a',
        from: '10.1.0.7',
        to: '10.1.0.9',
        ports: [41_000, 5432],
        end: at('10:59:50') - n * 15,
        reject: true,
      }),
    ),
    // A deploy, and a scanner of one's own.
    ...times(40, (n) =>
      flow({
        eni: 'eni-1b',
        from: '10.1.0.7',
        to: '10.1.0.8',
        ports: [41_000 + n, 443],
        end: flowWindow + n,
        reject: true,
      }),
    ),
    ...times(150, (n) =>
      flow({
        eni: 'eni-1b',
        from: scanner,
        to: '10.1.0.8',
        ports: [41_000 + n, 1 + n],
        end: flowWindow + n,
        reject: true,
      }),
    ),
    ...times(60, (n) =>
      flow({
        eni: 'eni-1b',
        from: scanner,
        to: '10.1.0.8',
        ports: [41_500 + n, 22],
        end: flowWindow + n,
        reject: true,
      }),
    ),
    // UDP; many answered, and some of one client not; a pair of which one way is logged.
    ...times(25, (n) =>
      flow({
        eni: 'eni-2a',
        from: '10.2.0.1',
        to: '10.2.1.8',
        ports: [42_000 + n, 514],
        end: flowWindow + n,
        protocol: 17,
        flags: '-',
      }),
    ),
    ...answered(150),
    ...times(25, (n) =>
      flow({ eni: 'eni-2a', from: '10.2.0.7', to: '10.2.1.9', ports: [43_000 + n, 9443], end: flowWindow + n }),
    ),
    ...times(25, (n) =>
      flow({ eni: 'eni-2b', from: '10.2.0.8', to: '10.2.8.9', ports: [43_500 + n, 443], end: flowWindow + n }),
    ),
    // Late packets, and an appliance that sees one way.
    ...times(5, (n) =>
      flow({
        eni: 'eni-3a',
        from: '10.3.0.9',
        to: '10.3.0.7',
        ports: [443, 43_000 + n],
        end: at('11:40:00'),
        flags: 4,
        direction: 'egress',
        reject: true,
      }),
    ),
    flow({
      eni: 'eni-3f',
      from: '10.3.0.8',
      to: '10.3.0.7',
      ports: [443, 43_100],
      end: at('11:40:00'),
      flags: 18,
      reject: true,
    }),
    // Health checks: one port of sixty addresses, again and again.
    ...times(480, (n) =>
      flow({
        eni: 'eni-4a',
        from: '10.4.0.6',
        to: `10.4.1.${1 + (n % 60)}`,
        ports: [44_000, 8080],
        end: flowWindow + n,
        reject: true,
      }),
    ),
    // A backup of each night, and a batch of each day.
    ...times(8, (n) =>
      flow({
        eni: 'eni-5a',
        from: '10.5.0.6',
        to: '203.0.113.50',
        ports: [45_000, 443],
        end: at('10:40:00') - n * day,
        bytes: 2_000_000_000,
        packets: 1_400_000,
        flags: 3,
        direction: 'egress',
      }),
    ),
    ...times(2, (n) =>
      flow({
        eni: 'eni-6a',
        from: '10.6.0.6',
        to: '10.6.0.9',
        ports: [46_000, 445],
        end: at('10:40:00') - n * day,
        bytes: 2_000_000_000,
        packets: 1_500_000,
        flags: 3,
        direction: 'egress',
      }),
    ),
    // What comes from the internet is to be kept out.
    ...times(9, (n) =>
      flow({
        eni: 'eni-7a',
        from: '198.51.100.7',
        to: '10.7.0.6',
        ports: [47_000 + n, 443],
        end: at('11:50:00'),
        reject: 'BPA',
      }),
    ),
    // An instance that was terminated, and an interface that was deleted.
    flow({
      eni: 'eni-08',
      from: '10.8.0.6',
      to: '10.8.0.7',
      ports: [48_000, 443],
      end: at('09:00:00'),
      flags: 3,
      instance: 'i-0a00000000000001',
    }),
    flow({ eni: 'eni-0d', from: '10.8.0.6', to: '10.8.0.7', ports: [48_000, 443], end: at('09:00:00'), flags: 3 }),
    ...quiet('eni-1a', 'eni-1b', 'eni-2a', 'eni-2b', 'eni-3a', 'eni-3f', 'eni-4a', 'eni-5a', 'eni-6a', 'eni-7a'),
  ],
  calls: [
    ...going.calls,
    call('ec2:TerminateInstances', at('09:01:00'), role('autoscaling'), {
      requestParameters: { instancesSet: { items: [{ instanceId: 'i-0a00000000000001' }] } },
    }),
    call('ec2:DeleteNetworkInterface', at('09:01:00'), role('lambda'), {
      requestParameters: { networkInterfaceId: 'eni-0d' },
    }),
    // The bill, and what AWS does in root's name.
    call('ce:GetCostAndUsage', at('11:50:00'), root, { readOnly: true }),
    call('kms:RotateKey', at('11:50:00'), root, { eventType: 'AwsServiceEvent' }),
    call('ec2:CreateTags', at('11:50:00'), { ...root, invokedBy: 'autoscaling.amazonaws.com' }),
    // Single sign-on, a second factor, a mistyped password.
    signIn(at('11:51:00'), role('AWSReservedSSO_Admin_1'), 'No'),
    signIn(at('11:51:00'), iam('bob'), 'Yes'),
    signIn(at('11:51:00'), iam('bob'), 'No', 'Failure'),
    // A posture scanner, all day.
    ...times(25 * 4 * 25, (n) =>
      call('s3:GetBucketPolicy', at('09:59:50') - n * 36, role('posture'), {
        errorCode: 'AccessDenied',
        errorMessage: 'no',
      }),
    ),
    // A load balancer, an own block, a rule that lets out, one that was refused, and ping.
    authorize(
      'sg-0b000001',
      at('11:40:00'),
      iam('ann'),
      { ...tcp(443), ...ranges('0.0.0.0/0', '::/0') },
      { ...tcp(80), ...ranges('0.0.0.0/0') },
    ),
    authorize(
      'sg-0b000002',
      at('11:40:00'),
      iam('ann'),
      { ...tcp(22), ...ranges('10.0.0.0/8') },
      { ...tcp(443), ...ranges('0.0.0.0/0') },
    ),
    authorize('sg-0b000003', at('11:40:00'), iam('ann'), {
      ipProtocol: 'icmp',
      fromPort: 8,
      toPort: -1,
      ...ranges('0.0.0.0/0'),
    }),
    call(
      'ec2:AuthorizeSecurityGroupEgress',
      at('11:40:00'),
      iam('ann'),
      opens('sg-0b000004', { ...tcp(22), ...ranges('0.0.0.0/0') }),
    ),
    call('ec2:AuthorizeSecurityGroupIngress', at('11:40:00'), iam('ann'), {
      ...opens('sg-0b000005', { ...tcp(22), ...ranges('0.0.0.0/0') }),
      responseElements: null,
      errorCode: 'Client.UnauthorizedOperation',
      errorMessage: 'no',
    }),
    // Terraform replaces a flow log and a trail.
    call('ec2:DeleteFlowLogs', at('11:44:00'), role('terraform')),
    call('ec2:CreateFlowLogs', at('11:44:09'), role('terraform')),
    call('cloudtrail:DeleteTrail', at('11:45:00'), role('terraform')),
    call('cloudtrail:CreateTrail', at('11:45:10'), role('terraform')),
    call('cloudtrail:PutEventSelectors', at('11:45:12'), role('terraform')),
    // A key of one's own, and a newcomer's.
    call('iam:CreateAccessKey', at('11:45:00'), iam('bob'), { requestParameters: { userName: 'bob' } }),
    call('iam:CreateAccessKey', at('11:45:00'), iam('bob')),
    call('iam:CreateLoginProfile', at('11:46:00'), role('onboarding'), { requestParameters: { userName: 'newcomer' } }),
    call('cloudfront:CreateInvalidation', at('09:40:00'), role('deploy')),
  ],
  requests: [
    ...going.requests,
    // A deploy: 1.8 % of all; few requests, most of them errors.
    ...times(6000, (n) =>
      request('d1.cloudfront.net', auditWindow + (n % 800), n < 110 ? 502 : 200, n < 110 ? 'Error' : 'Hit'),
    ),
    ...times(60, (n) => request('d3.cloudfront.net', auditWindow + n, n < 50 ? 502 : 200, 'Error')),
    // Behind a purge nothing is in the cache.
    ...times(1200, (n) => request('d2.cloudfront.net', auditWindow + (n % 800), 200, n % 10 < 3 ? 'Hit' : 'Miss')),
    ...times(1200, (n) =>
      request('d2.cloudfront.net', auditWindow - day + (n % 800), 200, n % 10 < 9 ? 'Hit' : 'Miss'),
    ),
  ],
  options: {
    except: {
      'own-rejects': [{ field: 'source.ip', equals: scanner }],
      'port-scan': [{ field: 'source.ip', cidr: '10.1.9.0/24' }],
      'service-unanswered': [{ field: 'destination.ip', equals: '10.2.8.9' }],
      'reply-rejected': [{ field: 'aws.vpcflow.interface_id', equals: 'eni-3f' }],
      'credentials-created': [
        { field: 'aws.cloudtrail.user_identity.arn', prefix: `arn:aws:sts::${account}:assumed-role/onboarding/` },
      ],
    },
    queues: [
      { name: 'dead', attributes: { ApproximateNumberOfMessages: '0', ApproximateNumberOfMessagesNotVisible: '0' } },
    ],
  },
}

/** Logs that went on for a day, and then came no more. */
const stopped: World = {
  flows: going.flows.filter((line) => Number(line.split(' ')[11]) < at('10:00:00')),
  calls: going.calls.filter((one) => Date.parse((one as { eventTime: string }).eventTime) < at('09:00:00') * 1000),
  requests: going.requests.filter((line) => line.slice(0, 19).replace('\t', 'T') < '2026-11-22T09:00:00'),
}

/** Accounts with a few records a day. */
const rare: World = {
  flows: times(6, (n) =>
    flow({
      eni: 'eni-0f',
      from: '10.99.0.1',
      to: '10.99.0.2',
      ports: [40_000, 443],
      end: at('06:00:00') - n * 4 * hour,
      flags: 3,
    }),
  ),
  calls: times(6, (n) => call('s3:GetObject', at('06:00:00') - n * 4 * hour, role('reader'), { readOnly: true })),
  requests: times(6, (n) => request('d0.cloudfront.net', at('06:00:00') - n * 4 * hour, 200, 'Hit')),
}

export const worlds = { fires, silent, stopped, rare } as const
export const behind = ['flow-logs-behind', 'cloudtrail-behind', 'cloudfront-behind'] as const

/** Reads lines and events by the real parsers into a store. */
export async function write(
  { flows = [], calls = [], requests = [] }: Partial<World>,
  sink: Sink<unknown>,
  namespace = 'default',
): Promise<void> {
  const bodies = [
    ...(flows.length > 0 ? [[header, ...flows].join('\n')] : []),
    ...(calls.length > 0 ? [JSON.stringify({ Records: calls })] : []),
    ...(requests.length > 0 ? [`#Version: 1.0\n#Fields: ${requestNames}\n${requests.join('\n')}`] : []),
  ]
  const objects = bodies.map((body) => memoryObject({ key: `${++events}.log`, body: `${body}\n` }))
  const report = await ingest({ source: memorySource(...objects), parser, sink, namespace })
  const { read, written } = report.counts
  if (!report.ok || written !== read) throw new Error(JSON.stringify(report))
}
