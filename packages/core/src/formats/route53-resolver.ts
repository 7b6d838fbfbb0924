import { json } from '../encodings/json/json.ts'
import { family, lookup } from '../schema/derive.ts'
import { dnsName, hostName, reverseAddress, valuesWhere } from '../schema/dns.ts'
import { ip, iso8601, keyword, long } from '../schema/fields.ts'
import { aws, awsFormat } from '../schema/format.ts'
import { objects } from '../schema/objects.ts'
import type { RecordOf } from '../types.ts'

const addresses = /* @__PURE__ */ valuesWhere({ value: 'Rdata', where: 'Type', is: ['A', 'AAAA'], addresses: true })
const names = /* @__PURE__ */ valuesWhere({ value: 'Rdata', where: 'Type', is: ['CNAME', 'PTR'], addresses: false })

/**
 * Route 53 Resolver's query logs: what a VPC asked, and what it was answered. Elastic puts the target of a CNAME into
 * `dns.answers.name`, too, where ECS has the name that was asked: it stands in `dns.answers.data` alone.
 * https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-query-logs-format.html
 */
export const route53Resolver = awsFormat({
  kind: 'route53resolver',
  title: 'Route 53 Resolver query logs',
  dataset: 'aws.route53_resolver_logs',
  view: 'dns_queries',
  root: 'aws.route53',
  constants: aws('route53_resolver_logs', {
    'event.category': ['network'],
    'event.type': ['protocol'],
    'network.protocol': 'dns',
  }),
  // biome-ignore format: one line a field
  fields: {
    'version': keyword(['aws.route53.version'], 'Version of the log: `1.100000`.'),
    'account_id': keyword(['cloud.account.id'], 'Account of the VPC.'),
    'region': keyword(['cloud.region'], 'Region of the VPC.'),
    'vpc_id': keyword(['aws.vpc_id'], 'VPC that asked.'),
    'query_timestamp': iso8601(['@timestamp'], 'When it asked.'),
    'query_name': keyword([], 'Name that was asked, in the document without its last dot; of a reverse query the address in `related.ip`, else the name in `related.hosts`.'),
    'query_type': keyword(['dns.question.type'], 'A, AAAA, PTR, …; TYPE65 of a type without a name.'),
    'query_class': keyword(['dns.question.class'], 'IN.'),
    'rcode': keyword(['dns.response_code'], 'NOERROR, NXDOMAIN, SERVFAIL, …'),
    'answers': objects('dns.answers', 'Answers, without the last dot of names; addresses in `dns.resolved_ip`, too.', {
      members: { Rdata: 'data', Type: 'type', Class: 'class' },
      dotless: ['data'],
      rest: 'aws.route53.flattened.answers',
    }),
    'srcaddr': ip(['source.ip', 'related.ip[]'], 'Who asked.', { aliases: ['source.address'] }),
    'srcport': long(['source.port'], 'Its port.'),
    'transport': keyword([], 'UDP or TCP.'),
    'srcids.instance': keyword(['cloud.instance.id'], 'Instance that asked.', { aliases: ['aws.instance_id'] }),
    'srcids.resolver_endpoint': keyword(['aws.route53.resolver_endpoint.id'], 'Endpoint that an inbound query came through.'),
    'srcids.resolver_network_interface': keyword(['aws.route53.resolver_network_interface.id'], 'Its interface.'),
    'firewall_rule_action': keyword(['aws.route53.firewall.action'], 'ALLOW, ALERT or BLOCK, of a rule of DNS Firewall that matched.'),
    'firewall_rule_group_id': keyword(['aws.route53.firewall.rule_group.id'], 'Its rule group.'),
    'firewall_domain_list_id': keyword(['aws.route53.firewall.domain_list.id'], 'Its domain list.'),
  },
  derived: (derive) => [
    derive('event.type[]', ['firewall_rule_action'], lookup({ ALLOW: 'allowed', ALERT: 'allowed', BLOCK: 'denied' })),
    derive('event.outcome', ['rcode'], (code) => (code === 'NOERROR' ? 'success' : 'failure')),
    derive('dns.question.name', ['query_name'], dnsName),
    derive('related.hosts[]', ['query_name'], hostName),
    derive('related.ip[]', ['query_name'], reverseAddress),
    derive('dns.resolved_ip[]', ['answers'], addresses),
    derive('related.ip[]', ['answers'], addresses),
    derive('related.hosts[]', ['answers'], names),
    derive('network.type', [family('srcaddr')], (family) => family),
    derive('network.transport', ['transport'], (name) => name.toLowerCase()),
    derive('network.iana_number', ['transport'], lookup({ UDP: '17', TCP: '6' })),
  ],
  archive: [{ service: 'vpcdnsquerylogs', folders: ['name'] }],
  encodings: [
    json({
      // One a line, or one behind the other where a delivery stream wrote them.
      records: 'each',
      unknown: 'aws.route53.flattened.unknown',
      claims: [['query_timestamp', 'query_name']],
      keys: /(^|\/)vpcdnsquerylogs\//,
    }),
  ],
})

/** A record as AWS writes it. */
export interface Route53ResolverRecord extends RecordOf<typeof route53Resolver> {}
