import type { DailyQuestion } from './daily.ts'

/** Calls that change what reaches what, with the names of the EC2, ELB, Route 53 and Network Firewall APIs. */
// biome-ignore format: a service's calls in one look
const calls = [
  'AuthorizeSecurityGroupIngress', 'AuthorizeSecurityGroupEgress', 'RevokeSecurityGroupIngress', 'RevokeSecurityGroupEgress', 'ModifySecurityGroupRules',
  'ModifyNetworkInterfaceAttribute', 'ModifyInstanceAttribute', 'CreateNetworkInterface', 'AttachNetworkInterface', 'DetachNetworkInterface', 'DeleteNetworkInterface',
  'RunInstances', 'StartInstances', 'StopInstances', 'RebootInstances', 'TerminateInstances',
  'CreateNetworkAclEntry', 'ReplaceNetworkAclEntry', 'DeleteNetworkAclEntry', 'ReplaceNetworkAclAssociation',
  'CreateRoute', 'ReplaceRoute', 'DeleteRoute', 'AssociateRouteTable', 'DisassociateRouteTable', 'ReplaceRouteTableAssociation',
  'CreateVpcPeeringConnection', 'AcceptVpcPeeringConnection', 'RejectVpcPeeringConnection', 'DeleteVpcPeeringConnection', 'ModifyVpcPeeringConnectionOptions',
  'CreateTransitGatewayVpcAttachment', 'ModifyTransitGatewayVpcAttachment', 'DeleteTransitGatewayVpcAttachment', 'CreateTransitGatewayRoute', 'ReplaceTransitGatewayRoute', 'DeleteTransitGatewayRoute',
  'AssociateTransitGatewayRouteTable', 'DisassociateTransitGatewayRouteTable', 'EnableTransitGatewayRouteTablePropagation', 'DisableTransitGatewayRouteTablePropagation',
  'AttachInternetGateway', 'DetachInternetGateway', 'CreateNatGateway', 'DeleteNatGateway', 'CreateVpcEndpoint', 'ModifyVpcEndpoint', 'DeleteVpcEndpoints',
  'ModifyVpcBlockPublicAccessOptions', 'CreateVpcBlockPublicAccessExclusion', 'ModifyVpcBlockPublicAccessExclusion', 'DeleteVpcBlockPublicAccessExclusion', 'ModifyVpcEncryptionControl',
  'CreateFlowLogs', 'DeleteFlowLogs',
  'RegisterTargets', 'DeregisterTargets', 'SetSecurityGroups', 'SetSubnets', 'ModifyListener', 'DeleteListener', 'ModifyTargetGroup', 'ModifyTargetGroupAttributes', 'ModifyLoadBalancerAttributes',
  'ChangeResourceRecordSets', 'AssociateVPCWithHostedZone', 'DisassociateVPCFromHostedZone',
  'UpdateRuleGroup', 'UpdateFirewallPolicy',
]

const services = ['ec2', 'elasticloadbalancing', 'route53', 'network-firewall']

export const networkChanges: DailyQuestion = {
  name: 'network-changes',
  title: 'Who changed the network',
  over: (span) => ({
    kind: 'documents',
    formats: ['aws.cloudtrail'],
    span,
    filters: [
      { field: 'event.outcome', equals: 'success' },
      { field: 'event.provider', oneOf: services.map((service) => `${service}.amazonaws.com`) },
      { field: 'event.action', oneOf: calls },
    ],
    fields: [
      '@timestamp',
      'event.action',
      'user.name',
      'aws.cloudtrail.user_identity.arn',
      'source.address',
      'user_agent.original',
      'cloud.account.id',
      'cloud.region',
      'aws.cloudtrail.request_parameters',
      'event.id',
    ],
    order: [{ by: '@timestamp', direction: 'desc' }],
  }),
}
