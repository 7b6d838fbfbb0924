// Route 53 Resolver's query logs.
// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-query-logs-format.html
import { isoSeconds, random, start } from './random.mjs'

export function* route53Resolver(records) {
  const { share, next, between, pick, hex, skewed } = random(47)
  const names = Array.from(
    { length: 6000 },
    () => `${pick(['api', 'db', 'cache', 'queue'])}-${hex(6)}.${pick(['example.com', 'example.net', 'corp.example'])}.`,
  )
  const instances = Array.from({ length: 300 }, (_, i) => [`i-0${hex(16)}`, `10.0.${i >> 6}.${(i & 63) + 1}`])
  for (let i = 0; i < records; i++) {
    const query_name = skewed(names, 900)
    const [instance, srcaddr] = pick(instances)
    const failed = share() < 0.08
    // Behind a name that many ask for stand addresses that change.
    const addresses = Array.from({ length: between(1, 4) }, () => ({
      Rdata: `192.0.${next(8)}.${between(1, 255)}`,
      Type: 'A',
      Class: 'IN',
    }))
    const alias = { Rdata: `${query_name.split('.')[0]}.edge.example.org.`, Type: 'CNAME', Class: 'IN' }
    yield `${JSON.stringify({
      version: '1.100000',
      account_id: '123456789012',
      region: 'eu-central-1',
      vpc_id: 'vpc-0a1b2c3d4e5f60718',
      query_timestamp: isoSeconds(start + Math.floor((i * 3600) / records)),
      query_name,
      query_type: pick(['A', 'A', 'AAAA']),
      query_class: 'IN',
      rcode: failed ? 'NXDOMAIN' : 'NOERROR',
      answers: failed ? [] : share() < 0.5 ? [alias, ...addresses] : addresses,
      srcaddr,
      srcport: String(between(1024, 65_536)),
      transport: 'UDP',
      srcids: { instance },
    })}\n`
  }
}
