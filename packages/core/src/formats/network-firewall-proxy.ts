import { w3c } from '../encodings/delimited/w3c.ts'
import { json } from '../encodings/json/json.ts'
import { hours } from '../schema/archive.ts'
import { family, lookup, optional } from '../schema/derive.ts'
import { anyTime, type Field, inAllSpellings, ip, keyword, long } from '../schema/fields.ts'
import { aws, awsFormat } from '../schema/format.ts'
import { isObject, type JsonObject } from '../schema/free-form.ts'
import { arnParts, urlParts } from '../schema/network.ts'
import { flat } from '../schema/objects.ts'
import { asAnyTime, firstTime } from '../schema/time.ts'
import type { RecordOf } from '../types.ts'
import { telling } from './vended-telling.ts'

/**
 * Network Firewall proxy logs: what the proxy allowed, denied, or let pass with an alert. The three kinds have the same
 * fields.
 * https://docs.aws.amazon.com/network-firewall/latest/developerguide/proxy-logging-and-monitoring.html
 */
export const networkFirewallProxy = awsFormat({
  kind: 'networkfirewallproxy',
  title: 'Network Firewall proxy logs',
  dataset: 'aws.firewall_proxy_logs',
  view: 'proxy_requests',
  root: 'aws.firewall_proxy',
  constants: aws('firewall_proxy_logs', {
    'event.category': ['network', 'web'],
    'event.type': ['connection'],
    'observer.type': 'proxy',
    'observer.vendor': 'AWS',
    'observer.product': 'Network Firewall',
  }),
  // biome-ignore format: one line a field
  fields: inAllSpellings({
    'event_timestamp': anyTime('When the request was; seconds since 1970, as AWS shows it.'),
    'timestamp': anyTime('When the record was made; the time of a record that has no other.'),
    'proxy_name': keyword(['observer.name'], 'Proxy.'),
    'resource_arn': keyword(['aws.firewall_proxy.resource_arn'], 'Its ARN.'),
    'resourceId': keyword(['aws.firewall_proxy.resource_id'], 'Its id.'),
    'client_src_ip': ip(['source.ip', 'related.ip[]'], 'Client.', { aliases: ['source.address'] }),
    'client_src_port': long(['source.port'], 'Its port.'),
    'src_vpc': keyword(['aws.firewall_proxy.vpc_id'], 'VPC of the client.'),
    'src_vpce': keyword(['aws.firewall_proxy.vpc_endpoint_id'], 'VPC endpoint by which it came.'),
    'vpce_account_id': keyword(['cloud.account.id'], 'Account of the endpoint.', { spelled: ['account_id'] }),
    'dest_domain': keyword(['destination.domain', 'related.hosts[]'], 'Domain that the client asked for.'),
    'url': url('url.original', 'URL of a request that was decrypted: in JSON an object of its parts.'),
    'http_method': keyword(['http.request.method'], 'HTTP method.'),
    'dest_ip': ip(['destination.ip', 'related.ip[]'], 'Address that the domain led to.', { aliases: ['destination.address'] }),
    'dest_port': long(['destination.port'], 'Port of the destination.'),
    'http_status_code': long(['http.response.status_code'], 'HTTP status of the answer.'),
    'first_alert_match': keyword(['aws.firewall_proxy.first_alert_match'], 'First rule that matched and alerts.'),
    'all_matches': inText(flat('aws.firewall_proxy.all_matches', 'Rules that matched, by phase, with what each did.')),
    'final_action': keyword(['event.action'], 'allow or deny.'),
    'final_rule_name': keyword(['rule.name'], 'Rule that decided.'),
    'final_rule_group_name': keyword(['rule.ruleset'], 'Its group.'),
    'request_size': long(['http.request.bytes'], 'Bytes of the request.', { index: false }),
    'response_size': long(['http.response.bytes'], 'Bytes of the answer.', { index: false }),
  }),
  derived: (derive) => [
    derive('@timestamp', [optional('event_timestamp'), optional('timestamp')], firstTime),
    derive('event.created', ['timestamp'], asAnyTime),
    derive('event.type[]', ['final_action'], (action) => types(action.toLowerCase())),
    derive('event.outcome', ['final_action'], (action) => outcomes(action.toLowerCase())),
    derive('network.type', [family('client_src_ip')], (family) => family),
    derive('cloud.region', ['resource_arn'], (arn) => arnParts(arn).region),
    derive(['url.scheme', 'url.domain', 'url.port', 'url.path', 'url.query'], ['url'], urlParts),
  ],
  // Where the logs of a firewall lie; the suffix is of the user's choice.
  archive: [{ service: 'network-firewall', folders: 'any', late: hours(1) }],
  encodings: [
    w3c({ claims: telling.networkFirewallProxy }),
    json({ absent: '-', claims: telling.networkFirewallProxy }),
  ],
})

/** A request record: AWS's field names, numbers as numbers, absent values left out. */
export interface NetworkFirewallProxyRecord extends RecordOf<typeof networkFirewallProxy> {}

const types = lookup({ allow: 'allowed', deny: 'denied' })
const outcomes = lookup({ allow: 'success', deny: 'failure' })

/** An object, which a text holds where the log is no JSON. Text that holds none is kept as it is. */
function inText(field: Field<JsonObject>): Field<JsonObject> {
  const read = (value: unknown) =>
    typeof value === 'string' ? (field.read(parsed(value)) ?? { text: value }) : field.read(value)
  return { ...field, type: 'object, or a text of one', read }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** A URL of its parts, or as text. */
function url(target: 'url.original', description: string): Field<string> {
  const read = (value: unknown) => {
    const parts = typeof value === 'string' && value.startsWith('{') ? parsed(value) : value
    if (!isObject(parts)) return typeof value === 'string' ? value : undefined
    const { scheme, authority, path, query, fragment } = parts as Record<string, unknown>
    const part = (mark: string, text: unknown) => (typeof text === 'string' && text !== '' ? mark + text : '')
    const begin = part('', scheme) && part('', authority) ? `${scheme}://${authority}` : part('', authority)
    return (
      begin + part('', path) + part('?', query) + part('#', fragment) || (typeof value === 'string' ? value : undefined)
    )
  }
  return { ...keyword([target], description), type: 'string, or an object of its parts', read }
}
