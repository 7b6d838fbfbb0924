import { networkServices } from '../network-services.ts'
import { changeColumns, changesOf } from './changes.ts'
import type { PlainQuestion } from './daily.ts'

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

export const networkChanges: PlainQuestion = {
  name: 'network-changes',
  title: 'Who changed the network',
  formats: ['aws.cloudtrail'],
  columns: changeColumns,
  know: 'Successful calls that change what reaches what: security groups, network ACLs, routes, gateways, peering, endpoints, load balancers, DNS.',
  over: (span) => changesOf(networkServices, { field: 'event.action', oneOf: calls }, span),
}
