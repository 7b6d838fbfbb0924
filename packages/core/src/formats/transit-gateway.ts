import { delimited } from '../encodings/delimited/delimited.ts'
import { hours, minutes } from '../schema/archive.ts'
import { family } from '../schema/derive.ts'
import { code, epoch, ip, keyword, long } from '../schema/fields.ts'
import { flowLogId } from '../schema/flow-log.ts'
import { aws, awsFormat } from '../schema/format.ts'
import { tcpFlags, transport } from '../schema/network.ts'
import { endOfEvent } from '../schema/targets.ts'
import type { RecordOf } from '../types.ts'

/**
 * Transit Gateway Flow Logs as text files on S3: every field of version 6, in any order, read from the header line. A file
 * without a header is read as AWS's default format if its first record has that format's types.
 * https://docs.aws.amazon.com/vpc/latest/tgw/tgw-flow-logs.html#flow-log-records
 *
 * Elastic keeps metrics under `aws.transitgateway.metrics`, and has no integration for these logs' own names.
 */
export const transitGateway = awsFormat({
  kind: 'transitgateway',
  title: 'Transit Gateway Flow Logs',
  dataset: 'aws.transitgateway_logs',
  view: 'transit_flows',
  root: 'aws.transitgateway',
  constants: aws('transitgateway_logs', { 'event.category': ['network'], 'event.type': ['connection'] }),
  // biome-ignore format: one line a field
  fields: {
    'version': code(['aws.transitgateway.version'], 'The highest version of any field in the record: 6.', { index: false }),
    'resource-type': keyword(['aws.transitgateway.resource_type'], 'TransitGateway or TransitGatewayAttachment.'),
    'account-id': keyword(['cloud.account.id'], 'Owner of the transit gateway.', { aliases: ['aws.transitgateway.account_id'] }),
    'tgw-id': keyword(['aws.transitgateway.tgw_id'], 'Transit gateway that recorded the traffic.'),
    'tgw-attachment-id': keyword(['aws.transitgateway.tgw_attachment_id'], 'Attachment that recorded the traffic.'),
    'tgw-src-vpc-account-id': keyword(['aws.transitgateway.tgw_src_vpc_account_id'], 'Owner of the source VPC.'),
    'tgw-dst-vpc-account-id': keyword(['aws.transitgateway.tgw_dst_vpc_account_id'], 'Owner of the destination VPC.'),
    'tgw-src-vpc-id': keyword(['aws.transitgateway.tgw_src_vpc_id'], 'Source VPC; absent where the traffic comes from a VPN or Direct Connect.'),
    'tgw-dst-vpc-id': keyword(['aws.transitgateway.tgw_dst_vpc_id'], 'Destination VPC.'),
    'tgw-src-subnet-id': keyword(['aws.transitgateway.tgw_src_subnet_id'], 'Subnet of the attachment in the source VPC.'),
    'tgw-dst-subnet-id': keyword(['aws.transitgateway.tgw_dst_subnet_id'], 'Subnet of the attachment in the destination VPC.'),
    'tgw-src-eni': keyword(['aws.transitgateway.tgw_src_eni'], 'Interface of the attachment in the source VPC.'),
    'tgw-dst-eni': keyword(['aws.transitgateway.tgw_dst_eni'], 'Interface of the attachment in the destination VPC.'),
    'tgw-src-az-id': keyword(['aws.transitgateway.tgw_src_az_id'], 'Availability zone id of the source attachment: `use1-az4`.'),
    'tgw-dst-az-id': keyword(['aws.transitgateway.tgw_dst_az_id'], 'Availability zone id of the destination attachment.'),
    'tgw-pair-attachment-id': keyword(['aws.transitgateway.tgw_pair_attachment_id'], 'The other attachment: of egress where it leaves, of ingress where it enters.'),
    'srcaddr': ip(['source.ip', 'related.ip[]'], 'Source address.', { aliases: ['source.address'] }),
    'dstaddr': ip(['destination.ip', 'related.ip[]'], 'Destination address.', { aliases: ['destination.address'] }),
    'srcport': long(['source.port'], 'Source port; 0 where the protocol has none.'),
    'dstport': long(['destination.port'], 'Destination port; 0 where the protocol has none.'),
    'protocol': code(['network.iana_number'], 'IANA protocol number.'),
    'packets': long(['network.packets'], 'Packets in the aggregation window of a minute.', { aliases: ['source.packets'], index: false }),
    'bytes': long(['network.bytes'], 'Bytes in the aggregation window.', { aliases: ['source.bytes'], index: false }),
    'start': epoch(['event.start'], 'First packet of the aggregation window; milliseconds where AWS writes them.'),
    'end': epoch(['@timestamp', endOfEvent], 'Last packet of the aggregation window; milliseconds where AWS writes them.'),
    'log-status': keyword(['aws.transitgateway.log_status'], 'OK; NODATA: no traffic in the window; SKIPDATA: records were skipped.'),
    'type': keyword(['aws.transitgateway.type'], 'IPv4, IPv6 or EFA.'),
    'packets-lost-no-route': long(['aws.transitgateway.packets_lost_no_route'], 'Packets lost since no route was there.'),
    'packets-lost-blackhole': long(['aws.transitgateway.packets_lost_blackhole'], 'Packets lost to a blackhole route.'),
    'packets-lost-mtu-exceeded': long(['aws.transitgateway.packets_lost_mtu_exceeded'], 'Packets lost since they were larger than the MTU.'),
    'packets-lost-ttl-expired': long(['aws.transitgateway.packets_lost_ttl_expired'], 'Packets lost since their time to live was over.'),
    'tcp-flags': code(['aws.transitgateway.tcp_flags'], 'Bitmask over the window: FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32; 0 for ACK alone.'),
    'region': keyword(['cloud.region'], 'Region of the transit gateway.'),
    'flow-direction': keyword(['network.direction'], 'ingress or egress, as the attachment sees it.', { aliases: ['aws.transitgateway.flow_direction'] }),
    'pkt-src-aws-service': keyword(['aws.transitgateway.pkt_src_service'], 'AWS service whose range holds srcaddr.'),
    'pkt-dst-aws-service': keyword(['aws.transitgateway.pkt_dst_service'], 'AWS service whose range holds dstaddr.'),
  },
  derived: (derive) => [
    derive('network.transport', ['protocol'], transport),
    derive('network.type', [family('srcaddr'), family('dstaddr')], (from, to) => (from === to ? from : undefined)),
    derive('aws.transitgateway.tcp_flags_array[]', ['tcp-flags'], tcpFlags),
    flowLogId('aws.transitgateway.flow_log_id'),
  ],
  // VPC Flow Logs' folder and names, so that no key tells them apart.
  // https://docs.aws.amazon.com/vpc/latest/tgw/flow-logs-s3.html
  archive: [{ service: 'vpcflowlogs', late: hours(1), early: minutes(15) }],
  encodings: [
    delimited({
      delimiter: ' ',
      header: (line, known) => {
        const names = line.trimEnd().split(' ')
        // A known name: values begin so, too (`tgw-0a1b…`).
        return names.some((name) => known.has(name) && /^(resource-type$|tgw-|packets-lost-)/.test(name))
          ? names
          : undefined
      },
      headerless: {
        // biome-ignore format: AWS's default format, in one look
        fields: ['version', 'resource-type', 'account-id', 'tgw-id', 'tgw-attachment-id', 'tgw-src-vpc-account-id', 'tgw-dst-vpc-account-id', 'tgw-src-vpc-id', 'tgw-dst-vpc-id', 'tgw-src-subnet-id', 'tgw-dst-subnet-id', 'tgw-src-eni', 'tgw-dst-eni', 'tgw-src-az-id', 'tgw-dst-az-id', 'tgw-pair-attachment-id', 'srcaddr', 'dstaddr', 'srcport', 'dstport', 'protocol', 'packets', 'bytes', 'start', 'end', 'log-status', 'type', 'packets-lost-no-route', 'packets-lost-blackhole', 'packets-lost-mtu-exceeded', 'packets-lost-ttl-expired', 'tcp-flags', 'region', 'flow-direction', 'pkt-src-aws-service', 'pkt-dst-aws-service'],
        // AWS adds fields at the end.
        least: 36,
        fits: (record) =>
          Number(record.version) >= 6 &&
          /^TransitGateway/.test(String(record['resource-type'])) &&
          /^(OK|NODATA|SKIPDATA)$/.test(String(record['log-status'])),
      },
    }),
  ],
})

/** A flow record: AWS's field names, numbers as numbers, absent values left out. */
export interface TransitGatewayRecord extends RecordOf<typeof transitGateway> {}
