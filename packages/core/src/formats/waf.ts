import { json } from '../encodings/json/json.ts'
import { family, lookup } from '../schema/derive.ts'
import { code, epoch, epochMilliseconds, ip, keyword, long } from '../schema/fields.ts'
import { aws, awsFormat } from '../schema/format.ts'
import { arnParts, cloudOfArn, httpVersion, splitHost } from '../schema/network.ts'
import { flat, pairs } from '../schema/objects.ts'
import type { RecordOf } from '../types.ts'

/**
 * AWS WAF's logs of web ACLs: each request that a protected resource got, and which rules it matched. Lists of rules are
 * searched by their leaves: Elastic has them `nested`, which costs an index a document for each rule.
 * https://docs.aws.amazon.com/waf/latest/developerguide/logging-fields.html
 */
export const waf = awsFormat({
  kind: 'waf',
  title: 'AWS WAF logs',
  dataset: 'aws.waf',
  view: 'web_requests',
  root: 'aws.waf',
  constants: aws('waf', { 'event.category': ['web', 'network'], 'event.type': ['access'] }),
  first: ['url.domain', 'url.port'],
  // biome-ignore format: one line a field
  fields: {
    'timestamp': epochMilliseconds(['@timestamp'], 'When the request was inspected.'),
    'formatVersion': code(['aws.waf.format_version'], 'Version of the log: 1.'),
    'webaclId': keyword(['aws.waf.arn'], 'ARN of the web ACL; an id of WAF Classic.'),
    'terminatingRuleId': keyword(['rule.id'], 'Rule that decided, or Default_Action.'),
    'terminatingRuleType': keyword(['rule.ruleset'], 'REGULAR, RATE_BASED, GROUP or MANAGED_RULE_GROUP.'),
    'action': keyword(['event.action'], 'ALLOW, BLOCK, CAPTCHA or CHALLENGE.'),
    'terminatingRuleMatchDetails': flat('aws.waf.terminating_rule_match_details', 'What it matched, of injections of SQL and scripts.'),
    'httpSourceName': keyword(['aws.waf.source.name'], 'Kind of the protected resource: CF, APIGW, ALB, APPSYNC, COGNITOIDP, APPRUNNER or VERIFIED_ACCESS.', { absent: ['-'] }),
    'httpSourceId': keyword(['aws.waf.source.id'], 'The resource.', { absent: ['-'] }),
    'ruleGroupList': flat('aws.waf.rule_group_list', 'Rule groups that acted on the request, and their rules that matched.'),
    'rateBasedRuleList': flat('aws.waf.rate_based_rule_list', 'Rate-based rules that acted on it.'),
    'nonTerminatingMatchingRules': flat('aws.waf.non_terminating_matching_rules', 'Rules that matched and did not decide.'),
    'excludedRules': flat('aws.waf.excluded_rules', 'Rules of a group that were set to count.'),
    'requestHeadersInserted': pairs('aws.waf.request_headers_inserted', 'Headers that WAF added for the resource.'),
    'responseCodeSent': long(['http.response.status_code'], 'Status of a response of its own.', { aliases: ['aws.waf.response_code_sent'] }),
    'httpRequest.clientIp': ip(['source.ip', 'related.ip[]'], 'Client, or its proxy.', { aliases: ['source.address'] }),
    'httpRequest.country': keyword(['source.geo.country_iso_code'], 'Country of the client; `-` where it is not known.', { absent: ['-'] }),
    'httpRequest.host': keyword([], 'Host that was asked; that of the headers counts before it.'),
    'httpRequest.headers': pairs('aws.waf.request.headers', 'Headers, of which some have fields of their own; the value of one that is redacted is REDACTED.', {
      pick: {
        host: { domain: ['url.domain', 'related.hosts[]'], port: ['url.port'] },
        'user-agent': 'user_agent.original',
        referer: 'http.request.referrer',
      },
    }),
    'httpRequest.uri': keyword(['url.path'], 'Path.'),
    'httpRequest.args': keyword(['url.query'], 'Query.'),
    'httpRequest.fragment': keyword(['url.fragment'], 'What stands behind `#`.'),
    'httpRequest.scheme': keyword(['url.scheme'], 'http or https.'),
    'httpRequest.httpVersion': keyword([], 'HTTP/1.1, HTTP/2.0.', { fits: (text) => httpVersion(text) !== undefined }),
    'httpRequest.httpMethod': keyword(['http.request.method'], 'Method.'),
    'httpRequest.requestId': keyword(['http.request.id'], "Id of the resource: `x-amz-cf-id` of CloudFront's."),
    'labels[].name': keyword(['aws.waf.labels.name[]'], 'Labels that rules put on the request, 100 at most.'),
    'captchaResponse.responseCode': long(['aws.waf.captcha_response.response_code'], '405 where a puzzle was sent, 0 where it was solved before.'),
    'captchaResponse.solveTimestamp': epoch(['aws.waf.captcha_response.solve_timestamp'], 'When it was solved; 0 where it was not.', { absent: ['0'] }),
    'captchaResponse.failureReason': keyword(['aws.waf.captcha_response.failure_reason'], 'TOKEN_MISSING, TOKEN_EXPIRED, …'),
    'challengeResponse.responseCode': long(['aws.waf.challenge_response.response_code'], '202 where a challenge was sent, 0 where it was met before.'),
    'challengeResponse.solveTimestamp': epoch(['aws.waf.challenge_response.solve_timestamp'], 'When it was met.', { absent: ['0'] }),
    'challengeResponse.failureReason': keyword(['aws.waf.challenge_response.failure_reason'], 'TOKEN_MISSING, TOKEN_EXPIRED, …'),
    'oversizeFields': keyword(['aws.waf.oversize_fields[]'], 'Parts of the request that were longer than WAF inspects: REQUEST_BODY, REQUEST_HEADERS, …'),
    'requestBodySize': long(['aws.waf.request_body_size'], "Bytes of the request's body."),
    'requestBodySizeInspectedByWAF': long(['aws.waf.request_body_size_inspected_by_waf'], 'Bytes of it that were inspected.'),
    'ja3Fingerprint': keyword(['tls.client.ja3'], 'JA3 of the client.'),
    'ja4Fingerprint': keyword(['aws.waf.ja4_fingerprint'], 'JA4 of the client.'),
    'clientAsn': long(['source.as.number'], 'Autonomous system of the client.', { spelled: ['ClientASN'] }),
    'forwardedAsn': long(['aws.waf.forwarded_asn'], 'Autonomous system of the address in a header that is set for it.'),
    'cfDistributionTenantId': keyword(['aws.waf.cf_distribution_tenant_id'], 'Tenant of the CloudFront distribution.'),
  },
  derived: (derive) => [
    // A puzzle or a challenge is sent in place of the resource's answer.
    derive(
      'event.type[]',
      ['action'],
      lookup({ ALLOW: 'allowed', BLOCK: 'denied', CAPTCHA: 'denied', CHALLENGE: 'denied' }),
    ),
    derive(['cloud.service.name', 'cloud.region', 'cloud.account.id', 'aws.waf.id'], ['webaclId'], partsOfArn),
    derive(['url.domain', 'url.port', 'related.hosts[]'], ['httpRequest.host'], partsOfHost),
    derive('network.type', [family('httpRequest.clientIp')], (family) => family),
    derive(['network.protocol', 'network.transport', 'http.version'], ['httpRequest.httpVersion'], protocolOf),
  ],
  archive: [{ service: 'WAFLogs', folders: ['region', 'name'] }],
  encodings: [
    json({
      // One a line, or one behind the other where a delivery stream wrote them.
      records: 'each',
      unknown: 'aws.waf.flattened.unknown',
      claims: [
        ['webaclId', 'httpRequest'],
        ['webaclId', 'formatVersion'],
      ],
      keys: /(^|\/)(WAFLogs|aws-waf-logs-[^/]*)\//,
    }),
  ],
})

/** A record as AWS writes it. */
export interface WafRecord extends RecordOf<typeof waf> {}

/** An id of WAF Classic says nothing of these. */
function partsOfArn(text: string) {
  return { ...cloudOfArn(text), 'aws.waf.id': arnParts(text).resource }
}

function partsOfHost(text: string) {
  const { domain, port } = splitHost(text)
  return { 'url.domain': domain, 'url.port': port === undefined ? undefined : Number(port), 'related.hosts': domain }
}

/** HTTP/3 goes over QUIC. */
function protocolOf(text: string) {
  const version = httpVersion(text)
  if (version === undefined) return undefined
  return {
    'network.protocol': 'http',
    'network.transport': version.startsWith('3') ? 'udp' : 'tcp',
    'http.version': version,
  }
}
