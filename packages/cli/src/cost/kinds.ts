import type { Known } from './figure.ts'

export interface KindCost {
  /** What AWS takes for putting it on S3: nothing, or the price of a vended log. */
  readonly delivery: 'free' | 'vended'
  /** Why. */
  readonly because: string
  /** What CloudWatch Logs takes it in as. */
  readonly ingestion: 'vended' | 'standard'
  /** CPU seconds for a million records. */
  readonly cpuSeconds?: Known
  /** Bytes of a record, decompressed. */
  readonly recordBytes?: Known
  /** Decompressed bytes for one stored byte. */
  readonly expansion?: Known
  /** Bytes of a document on disk, without replicas. */
  readonly diskBytes?: Partial<Record<Store, Known>>
}

export type Store = 'elasticsearch' | 'opensearch'

const results = (row: string, value: number): Known => ({
  value,
  origin: `measured 2026-11-30: bench/RESULTS.md, ${row}`,
})
const inputs = (value: number): Known => ({ value, origin: 'measured 2026-12-01: bench/inputs' })
const onDisk = (value: number): Known => ({ value, origin: 'measured 2026-12-01: bench/RESULTS.md, index, default' })

// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-and-resource-policy.html
const vended = { delivery: 'vended', because: 'vended logs', ingestion: 'vended' } as const
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html
const loadBalancer = { delivery: 'free', because: 'access logs are free', ingestion: 'vended' } as const

/** What is known of the cost of a format's records, by `kind`. What is not here the command calls unknown. */
const kinds: Readonly<Record<string, KindCost>> = {
  vpcflow: {
    ...vended,
    cpuSeconds: results('vpc-flow: sent, elasticsearch', 1.65),
    recordBytes: results('vpc-flow: gunzip', 112),
    expansion: inputs(4.5),
    diskBytes: { elasticsearch: onDisk(130), opensearch: onDisk(133) },
  },
  transitgateway: vended,
  networkfirewall: vended,
  networkfirewallproxy: vended,
  cloudfrontconnection: vended,
  vended,
  waf: vended,
  route53resolver: vended,
  // https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_exportfindings.html
  guardduty: { delivery: 'free', because: 'exports of findings are free', ingestion: 'standard' },
  // https://aws.amazon.com/cloudtrail/pricing/
  cloudtrail: {
    delivery: 'free',
    because: 'first copy of management events is free',
    ingestion: 'standard',
    cpuSeconds: results('cloudtrail: flowferry, without HTTP', 9.8),
    recordBytes: results('cloudtrail: gunzip', 1841),
    expansion: inputs(5.5),
    diskBytes: { elasticsearch: onDisk(1789), opensearch: onDisk(1913) },
  },
  // https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logging.html
  cloudfront: {
    delivery: 'free',
    because: 'standard logs to S3 are free',
    ingestion: 'vended',
    cpuSeconds: results('cloudfront: flowferry, without HTTP', 3.13),
    recordBytes: results('cloudfront: gunzip', 457),
    expansion: inputs(4.6),
    diskBytes: { elasticsearch: onDisk(334), opensearch: onDisk(336) },
  },
  // https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerLogs.html
  s3access: { delivery: 'free', because: 'server access logs are free', ingestion: 'vended' },
  alb: loadBalancer,
  albconnection: loadBalancer,
  albhealthcheck: loadBalancer,
  nlb: loadBalancer,
  elb: loadBalancer,
}

export function kindCost(kind: string): KindCost | undefined {
  return Object.hasOwn(kinds, kind) ? kinds[kind] : undefined
}
