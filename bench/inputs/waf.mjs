// AWS WAF's logs of a web ACL before CloudFront.
// https://docs.aws.amazon.com/waf/latest/developerguide/logging-fields.html
import { browsers, random, start } from './random.mjs'

const agents = [...browsers(24), 'curl/8.7.1', 'okhttp/4.12.0']
const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const group = (name) => ({
  ruleGroupId: `AWS#AWSManagedRules${name}`,
  terminatingRule: null,
  nonTerminatingMatchingRules: [],
  excludedRules: null,
  customerConfig: null,
})

export function* waf(records) {
  const { share, next, between, pick, text, hex } = random(43)
  const clients = Array.from(
    { length: 15_000 },
    () => `${between(1, 224)}.${next(256)}.${next(256)}.${between(1, 255)}`,
  )
  const fingerprints = Array.from({ length: 200 }, () => [hex(32), `t13d1516h2_${hex(12)}_${hex(12)}`])
  const groups = ['AmazonIpReputationList', 'AnonymousIpList', 'CommonRuleSet'].map(group)
  for (let i = 0; i < records; i++) {
    const isBlocked = share() < 0.05
    const country = pick(['DE', 'US', 'FR', 'NL', 'GB', 'JP'])
    const [ja3Fingerprint, ja4Fingerprint] = pick(fingerprints)
    const matched = { ruleId: 'NoUserAgent_HEADER', action: 'COUNT', ruleMatchDetails: [] }
    yield `${JSON.stringify({
      timestamp: start * 1000 + Math.floor((i * 3_600_000) / records),
      formatVersion: 1,
      webaclId: 'arn:aws:wafv2:us-east-1:123456789012:global/webacl/shop/11111111-2222-3333-4444-555555555555',
      terminatingRuleId: isBlocked ? pick(['Reputation', 'Common', 'Rate']) : 'Default_Action',
      terminatingRuleType: isBlocked ? 'MANAGED_RULE_GROUP' : 'REGULAR',
      action: isBlocked ? 'BLOCK' : 'ALLOW',
      terminatingRuleMatchDetails: [],
      httpSourceName: 'CF',
      httpSourceId: 'E1EXAMPLE',
      ruleGroupList: groups,
      rateBasedRuleList: [],
      nonTerminatingMatchingRules: share() < 0.1 ? [matched] : [],
      requestHeadersInserted: null,
      responseCodeSent: null,
      httpRequest: {
        clientIp: pick(clients),
        country,
        headers: [
          { name: 'host', value: pick(['www.example.com', 'api.example.com']) },
          { name: 'user-agent', value: pick(agents) },
          { name: 'accept', value: 'image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8' },
          { name: 'accept-language', value: 'en-US,en;q=0.9' },
          { name: 'accept-encoding', value: 'gzip, deflate, br' },
          { name: 'referer', value: `https://www.example.com/items/${next(4000)}` },
          { name: 'sec-ch-ua-mobile', value: '?0' },
          { name: 'sec-fetch-site', value: 'same-origin' },
          { name: 'sec-fetch-mode', value: 'no-cors' },
          { name: 'sec-fetch-dest', value: 'image' },
          { name: 'cookie', value: `session=${text(letters, 40)}` },
        ],
        uri: `/img/${hex(8)}.jpg`,
        args: share() < 0.7 ? '' : `w=${between(100, 2000)}&q=${next(100)}`,
        httpVersion: 'HTTP/2.0',
        httpMethod: share() < 0.9 ? 'GET' : 'POST',
        requestId: `${text(letters, 54)}==`,
        fragment: '',
        scheme: 'https',
        host: 'www.example.com',
      },
      labels: [{ name: `awswaf:clientip:geo:country:${country}` }],
      ja3Fingerprint,
      ja4Fingerprint,
      clientAsn: between(64_496, 64_512),
    })}\n`
  }
}
