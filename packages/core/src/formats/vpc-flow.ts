import { delimited } from '../encodings/delimited/delimited.ts'
import { hours, minutes } from '../schema/archive.ts'
import { family, lookup } from '../schema/derive.ts'
import { code, encoded, epoch, ip, keyword, long } from '../schema/fields.ts'
import { flowLogId } from '../schema/flow-log.ts'
import { aws, awsFormat } from '../schema/format.ts'
import { tcpFlags, transport } from '../schema/network.ts'
import { endOfEvent } from '../schema/targets.ts'
import { isAddress } from '../schema/values.ts'
import type { RecordOf } from '../types.ts'

/**
 * VPC Flow Logs as text files on S3: every field of versions 2 to 11, in any order, read from the header line.
 * https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html
 *
 * A file without a header is read as the default format of version 2 if its first record has that format's types;
 * for any other, `vpcFlow.withFields([...])` states the order.
 */
export const vpcFlow = awsFormat({
  kind: 'vpcflow',
  title: 'VPC Flow Logs',
  dataset: 'aws.vpcflow',
  view: 'flows',
  root: 'aws.vpcflow',
  constants: aws('vpcflow', { 'event.category': ['network'], 'event.type': ['connection'] }),
  // biome-ignore format: one line a field
  fields: {
    'version': code(['aws.vpcflow.version'], 'The highest version of any field in the record.', { index: false }),
    'account-id': keyword(['cloud.account.id'], 'Owner of the network interface, or `unknown`.', { aliases: ['aws.vpcflow.account_id'] }),
    'interface-id': keyword(['aws.vpcflow.interface_id'], 'Network interface that recorded the traffic.'),
    'srcaddr': ip(['source.ip', 'related.ip[]'], 'Source address of incoming, interface address of outgoing traffic.', { aliases: ['source.address'] }),
    'dstaddr': ip(['destination.ip', 'related.ip[]'], 'Destination address of outgoing, interface address of incoming traffic.', { aliases: ['destination.address'] }),
    'srcport': long(['source.port'], 'Source port; 0 where the protocol has none.'),
    'dstport': long(['destination.port'], 'Destination port; 0 where the protocol has none.'),
    'protocol': code(['network.iana_number'], 'IANA protocol number.'),
    'packets': long(['network.packets'], 'Packets in the aggregation window.', { aliases: ['source.packets'], index: false }),
    'bytes': long(['network.bytes'], 'Bytes in the aggregation window.', { aliases: ['source.bytes'], index: false }),
    'start': epoch(['event.start'], 'First packet of the aggregation window; milliseconds where AWS writes them.'),
    'end': epoch(['@timestamp', endOfEvent], 'Last packet of the aggregation window; milliseconds where AWS writes them.'),
    'action': keyword(['aws.vpcflow.action'], 'ACCEPT or REJECT, by security groups and network ACLs.'),
    'log-status': keyword(['aws.vpcflow.log_status'], 'OK; NODATA: no traffic in the window; SKIPDATA: records were skipped.'),
    'vpc-id': keyword(['aws.vpcflow.vpc_id'], 'VPC of the interface.'),
    'subnet-id': keyword(['aws.vpcflow.subnet_id'], 'Subnet of the interface.'),
    'instance-id': keyword(['cloud.instance.id'], 'Instance of the interface, if you own it.', { aliases: ['aws.vpcflow.instance_id'] }),
    'tcp-flags': code(['aws.vpcflow.tcp_flags'], 'Bitmask over the window: FIN 1, SYN 2, RST 4, SYN-ACK 18.'),
    'type': keyword(['aws.vpcflow.type'], 'IPv4, IPv6 or EFA.'),
    'pkt-srcaddr': ip(['aws.vpcflow.pkt_srcaddr', 'related.ip[]'], 'Original source address of the packet, behind NAT and other layers.'),
    'pkt-dstaddr': ip(['aws.vpcflow.pkt_dstaddr', 'related.ip[]'], 'Original destination address of the packet.'),
    'region': keyword(['cloud.region'], 'Region of the interface.'),
    'az-id': keyword(['cloud.availability_zone'], 'Availability zone id, not its name: `use1-az4`.'),
    'sublocation-type': keyword(['aws.vpcflow.sublocation.type'], 'wavelength, outpost or localzone.'),
    'sublocation-id': keyword(['aws.vpcflow.sublocation.id'], 'Id of that sublocation.'),
    'pkt-src-aws-service': keyword(['aws.vpcflow.pkt_src_service'], 'AWS service whose range holds pkt-srcaddr: AMAZON, S3, EC2, …'),
    'pkt-dst-aws-service': keyword(['aws.vpcflow.pkt_dst_service'], 'AWS service whose range holds pkt-dstaddr.'),
    'flow-direction': keyword(['network.direction'], 'ingress or egress, as the interface sees it.', { aliases: ['aws.vpcflow.flow_direction'] }),
    'traffic-path': code(['aws.vpcflow.traffic_path'], 'Way of egress traffic, 1 to 8: 2 gateway, 3 virtual private gateway, 8 internet gateway, …'),
    'ecs-cluster-arn': keyword(['aws.vpcflow.ecs.cluster_arn'], 'ECS cluster of a running task.', { aliases: ['orchestrator.cluster.id'] }),
    'ecs-cluster-name': keyword(['aws.vpcflow.ecs.cluster_name'], 'ECS cluster name.', { aliases: ['orchestrator.cluster.name'] }),
    'ecs-container-instance-arn': keyword(['aws.vpcflow.ecs.container_instance_arn'], 'ECS container instance, on EC2.', { aliases: ['orchestrator.resource.name'] }),
    'ecs-container-instance-id': keyword(['aws.vpcflow.ecs.container_instance_id'], 'ECS container instance id, on EC2.', { aliases: ['orchestrator.resource.id'] }),
    'ecs-container-id': keyword(['aws.vpcflow.ecs.container_id'], 'Docker runtime id of the first container.', { aliases: ['aws.vpcflow.ecs_container_id'] }),
    'ecs-second-container-id': keyword(['aws.vpcflow.ecs.second_container_id'], 'Docker runtime id of the second container.', { aliases: ['aws.vpcflow.ecs_second_container_id'] }),
    'ecs-service-name': keyword(['aws.vpcflow.ecs.service_name'], 'ECS service that started the task.', { aliases: ['service.name'] }),
    'ecs-task-definition-arn': keyword(['aws.vpcflow.ecs.task_definition_arn'], 'ECS task definition.', { aliases: ['aws.vpcflow.ecs_task_definition_arn'] }),
    'ecs-task-arn': keyword(['aws.vpcflow.ecs.task_arn'], 'ECS task.', { aliases: ['aws.vpcflow.ecs_task_arn'] }),
    'ecs-task-id': keyword(['aws.vpcflow.ecs.task_id'], 'ECS task id.', { aliases: ['aws.vpcflow.ecs_task_id'] }),
    'reject-reason': keyword(['aws.vpcflow.reject_reason'], 'BPA: rejected by VPC Block Public Access; EC: by encryption controls.', { aliases: ['event.reason'] }),
    'resource-id': keyword(['aws.vpcflow.resource_id'], 'Id of a regional NAT gateway, which has no interface.'),
    'encryption-status': code(['aws.vpcflow.encryption_status'], '0 none, 1 Nitro, 2 application, 3 both.'),
    'instance-tag': encoded(['aws.vpcflow.tags.instance'], 'Value of the instance tag that the flow log names.'),
    'instance-tag-2': encoded(['aws.vpcflow.tags.instance_2'], 'Value of the second instance tag.'),
    'interface-tag': encoded(['aws.vpcflow.tags.interface'], 'Value of the interface tag that the flow log names.'),
    'interface-tag-2': encoded(['aws.vpcflow.tags.interface_2'], 'Value of the second interface tag.'),
    'asg-tag': encoded(['aws.vpcflow.tags.asg'], 'Value of the Auto Scaling group tag that the flow log names.'),
    'asg-tag-2': encoded(['aws.vpcflow.tags.asg_2'], 'Value of the second Auto Scaling group tag.'),
    'interface-type': keyword(['aws.vpcflow.interface_type'], 'Type of the interface: nat_gateway, transit_gateway, vpc_endpoint, …'),
    'next-hop-interface-id': keyword(['aws.vpcflow.next_hop.interface_id'], 'Interface that the traffic goes to next.'),
    'next-hop-subnet-id': keyword(['aws.vpcflow.next_hop.subnet_id'], 'Subnet of the next hop.'),
    'next-hop-az-id': keyword(['aws.vpcflow.next_hop.az_id'], 'Availability zone id of the next hop.'),
    'next-hop-vpc-id': keyword(['aws.vpcflow.next_hop.vpc_id'], 'VPC of the next hop.'),
    'next-hop-interface-type': keyword(['aws.vpcflow.next_hop.interface_type'], 'Interface type of the next hop.'),
  },
  derived: (derive) => [
    derive('event.action', ['action'], lookup({ ACCEPT: 'accept', REJECT: 'reject' })),
    derive('event.outcome', ['action'], lookup({ ACCEPT: 'success', REJECT: 'failure' })),
    derive('event.type[]', ['action'], lookup({ ACCEPT: 'allowed', REJECT: 'denied' })),
    derive('network.transport', ['protocol'], transport),
    derive('network.type', [family('srcaddr'), family('dstaddr')], (from, to) => (from === to ? from : undefined)),
    derive('aws.vpcflow.tcp_flags_array[]', ['tcp-flags'], tcpFlags),
    flowLogId('aws.vpcflow.flow_log_id'),
  ],
  // A file's name has the time of its delivery: 10 minutes of aggregation, 5 of publishing, and what is late.
  // https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-path.html
  archive: [{ service: 'vpcflowlogs', late: hours(1), early: minutes(15) }],
  encodings: [
    delimited({
      delimiter: ' ',
      header: (line, known) => {
        const names = line.trimEnd().split(' ')
        if (!names.every((name) => /^[a-z][a-z0-9-]*$/.test(name))) return undefined
        // Transit Gateway's flow logs have the same key and nearly the same names.
        if (names.some((name) => /^(resource-type$|tgw-|packets-lost-)/.test(name))) return undefined
        // AWS may put a field of the future first.
        const ours = names.filter((name) => known.has(name))
        if (ours.every((name) => everyday.has(name)))
          return ours.length > 1 && ours.length === names.length ? names : undefined
        return known.has(names[0]!) || (ours.length > 1 && ours.length * 2 >= names.length) ? names : undefined
      },
      headerless: {
        // biome-ignore format: AWS's default format, in one look
        fields: ['version', 'account-id', 'interface-id', 'srcaddr', 'dstaddr', 'srcport', 'dstport', 'protocol', 'packets', 'bytes', 'start', 'end', 'action', 'log-status'],
        fits: (record) =>
          record.version === 2 &&
          (record['log-status'] === 'OK'
            ? isAddress(String(record.srcaddr)) &&
              isAddress(String(record.dstaddr)) &&
              /^(ACCEPT|REJECT)$/.test(String(record.action))
            : /^(NODATA|SKIPDATA)$/.test(String(record['log-status'])) && record.srcaddr === undefined),
      },
      keys: /(^|\/)(aws-service=)?vpcflowlogs\//,
    }),
  ],
})

/** Names that a sentence may begin with, and a table of anybody's own have. */
const everyday = new Set(['version', 'protocol', 'packets', 'bytes', 'start', 'end', 'action', 'type', 'region'])

/** A flow record: AWS's field names, numbers as numbers, absent values left out. */
export interface VpcFlowRecord extends RecordOf<typeof vpcFlow> {}
