/** Changes as CloudTrail records them: the one that a fault follows, and others that have no part in it. */
import type { Random } from '../support/random.ts'
import { idOf, letters, uuid } from './ids.ts'
import type { Network } from './topology.ts'

/** A call of AWS's API. */
export interface ApiCall {
  readonly source: 'ec2' | 'route53' | 'network-firewall' | 'elasticloadbalancing'
  readonly name: string
  readonly request: object
  readonly response?: object | null
  readonly readOnly?: boolean
  readonly errorCode?: string
  /** What it changes, by its id. */
  readonly resource: string
}

export interface TrailEvent {
  readonly eventID: string
  readonly eventName: string
  readonly eventTime: string
  readonly awsRegion: string
  readonly [member: string]: unknown
}

/** The event of a call at some second. */
export function event(draw: Random, { account, region }: Network, call: ApiCall, time: number): TrailEvent {
  const requestID = uuid(draw)
  const person = draw.pick(['alice', 'bob'])
  const byPerson = {
    userIdentity: {
      type: 'IAMUser',
      principalId: `AIDA${letters(draw)}`,
      arn: `arn:aws:iam::${account}:user/${person}`,
      accountId: account,
      accessKeyId: `ASIA${letters(draw)}`,
      userName: person,
    },
    sourceIPAddress: `198.51.100.${1 + draw.int(250)}`,
    userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
    sessionCredentialFromConsole: 'true',
  }
  const byPipeline = {
    userIdentity: {
      type: 'AssumedRole',
      principalId: `AROA${letters(draw)}:ci-deploy`,
      arn: `arn:aws:sts::${account}:assumed-role/deploy/ci-deploy`,
      accountId: account,
      accessKeyId: `ASIA${letters(draw)}`,
      sessionContext: {
        sessionIssuer: {
          type: 'Role',
          principalId: `AROA${letters(draw)}`,
          arn: `arn:aws:iam::${account}:role/deploy`,
          accountId: account,
          userName: 'deploy',
        },
        attributes: { creationDate: iso(time - 90), mfaAuthenticated: 'false' },
      },
    },
    sourceIPAddress: `198.51.100.${1 + draw.int(250)}`,
    userAgent: 'APN/1.0 HashiCorp/1.0 Terraform/1.13.4 terraform-provider-aws/6.21.0',
  }
  // https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
  return {
    eventVersion: '1.11',
    ...(draw.chance(0.6) ? byPipeline : byPerson),
    eventTime: iso(time),
    eventSource: `${call.source}.amazonaws.com`,
    eventName: call.name,
    // Global services write to one region.
    awsRegion: call.source === 'route53' ? 'us-east-1' : region,
    ...(call.errorCode && {
      errorCode: call.errorCode,
      errorMessage: 'You are not authorized to perform this operation.',
    }),
    requestParameters: call.request,
    responseElements:
      call.errorCode || call.readOnly ? null : (call.response ?? { requestId: requestID, _return: true }),
    requestID,
    eventID: uuid(draw),
    readOnly: call.readOnly ?? false,
    eventType: 'AwsApiCall',
    managementEvent: true,
    recipientAccountId: account,
    eventCategory: 'Management',
  }
}

/** A group's inbound rule revoked, in the shape that the console and Terraform send. */
export const revokeIngress = (groupId: string, rule: { id: string; cidr: string; port: number }): ApiCall => ({
  source: 'ec2',
  name: 'RevokeSecurityGroupIngress',
  resource: groupId,
  request: {
    groupId,
    ipPermissions: {
      items: [
        {
          ipProtocol: 'tcp',
          fromPort: rule.port,
          toPort: rule.port,
          groups: {},
          ipRanges: { items: [{ cidrIp: rule.cidr }] },
          ipv6Ranges: {},
          prefixListIds: {},
        },
      ],
    },
  },
  response: {
    _return: true,
    unknownIpPermissionSet: {},
    revokedSecurityGroupRuleSet: {
      items: [
        {
          securityGroupRuleId: rule.id,
          groupId,
          isEgress: false,
          ipProtocol: 'tcp',
          fromPort: rule.port,
          toPort: rule.port,
          cidrIpv4: rule.cidr,
        },
      ],
    },
  },
})

export const revokeEgress = (groupId: string): ApiCall => ({
  source: 'ec2',
  name: 'RevokeSecurityGroupEgress',
  resource: groupId,
  request: {
    groupId,
    ipPermissions: {
      items: [
        {
          ipProtocol: '-1',
          groups: {},
          ipRanges: { items: [{ cidrIp: '0.0.0.0/0' }] },
          ipv6Ranges: {},
          prefixListIds: {},
        },
      ],
    },
  },
})

export interface AclChange {
  readonly egress: boolean
  readonly number: number
  readonly cidr: string
  readonly ports: readonly [number, number]
}

export const denyEntry = (networkAclId: string, entry: AclChange): ApiCall => ({
  source: 'ec2',
  name: 'CreateNetworkAclEntry',
  resource: networkAclId,
  request: {
    networkAclId,
    ruleNumber: entry.number,
    egress: entry.egress,
    ruleAction: 'deny',
    aclProtocol: '6',
    icmpTypeCode: {},
    portRange: { from: entry.ports[0], to: entry.ports[1] },
    cidrBlock: entry.cidr,
  },
})

export const deleteRoute = (routeTableId: string, destinationCidrBlock: string): ApiCall => ({
  source: 'ec2',
  name: 'DeleteRoute',
  resource: routeTableId,
  request: { routeTableId, destinationCidrBlock },
})

/** Calls that explain nothing: refused ones at the very place, changes of others, tags, reads. */
export function decoys(draw: Random, net: Network): ApiCall[] {
  const refused = 'Client.UnauthorizedOperation'
  const elsewhere = { id: idOf(draw, 'sgr'), cidr: '10.250.0.0/16', port: net.port }
  const instanceId = net.a.interface?.instance ?? net.b.interface?.instance ?? idOf(draw, 'i')
  return [
    {
      ...revokeIngress(net.groups.b.id, { id: idOf(draw, 'sgr'), cidr: net.subnets.a.cidr, port: net.port }),
      errorCode: refused,
    },
    {
      ...denyEntry(net.subnets.b.acl.id, { egress: false, number: 5, cidr: '0.0.0.0/0', ports: [0, 65_535] }),
      errorCode: refused,
    },
    revokeIngress(idOf(draw, 'sg'), elsewhere),
    deleteRoute(idOf(draw, 'rtb'), '10.251.0.0/16'),
    {
      source: 'ec2',
      name: 'CreateTags',
      resource: instanceId,
      request: {
        resourcesSet: { items: [{ resourceId: instanceId }] },
        tagSet: { items: [{ key: 'team', value: 'payments' }] },
      },
    },
    {
      source: 'ec2',
      name: 'DescribeSecurityGroups',
      readOnly: true,
      resource: net.groups.b.id,
      request: { securityGroupSet: {}, securityGroupIdSet: { items: [{ groupId: net.groups.b.id }] }, filterSet: {} },
    },
  ]
}

const iso = (seconds: number) => new Date(Math.floor(seconds) * 1000).toISOString().replace('.000', '')
