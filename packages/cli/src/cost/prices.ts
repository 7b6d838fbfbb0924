import { count } from '../text.ts'

/** A price of AWS's, as it stood on a day. */
export interface Price {
  readonly region: string
  /** What `dollars` pay: `million requests`. */
  readonly unit: string
  /** How many of the counted things one unit has: requests, bytes, GB-seconds. A GB has 2^30 bytes, a TB 1,024 GB. */
  readonly per: number
  /** US dollars a unit, by the units of a month: each tier begins where the one before ends, the last has no end. */
  readonly tiers: readonly Tier[]
  /** Where AWS tells today's. */
  readonly source: string
  /** ISO 8601, the day or month on which it was this. */
  readonly checked: string
}

export interface Tier {
  readonly upTo?: number
  readonly dollars: number
}

const million = 1e6
const gigabyte = 2 ** 30

const s3 = { region: 'us-east-1', source: 'https://aws.amazon.com/s3/pricing/', checked: '2025-10-28' }
const sqs = { region: 'us-east-1', source: 'https://aws.amazon.com/sqs/pricing/', checked: '2026-06-13' }
const lambda = { region: 'us-east-1', source: 'https://aws.amazon.com/lambda/pricing/', checked: '2026-05-11' }
const logs = { region: 'us-east-1', source: 'https://aws.amazon.com/cloudwatch/pricing/', checked: '2025-10-28' }
const requests = { unit: 'million requests', per: million }
const vendedTiers = (first: number, second: number, third: number, rest: number): Tier[] => [
  { upTo: 10 * 1024, dollars: first },
  { upTo: 30 * 1024, dollars: second },
  { upTo: 50 * 1024, dollars: third },
  { dollars: rest },
]

/** S3 Standard and on-demand prices without free tiers. A file of the user's goes over them: `pricesFrom`. */
export const prices = {
  /** PUT of a log file, which the bucket's owner pays. */
  s3Put: { ...s3, ...requests, tiers: [{ dollars: 5 }] },
  s3Get: { ...s3, ...requests, tiers: [{ dollars: 0.4 }] },
  s3List: { ...s3, ...requests, tiers: [{ dollars: 5 }] },
  s3Storage: {
    ...s3,
    unit: 'GB-month',
    per: gigabyte,
    tiers: [{ upTo: 50 * 1024, dollars: 0.023 }, { upTo: 500 * 1024, dollars: 0.022 }, { dollars: 0.021 }],
  },
  s3BatchJob: { ...s3, checked: '2026-03', unit: 'job', per: 1, tiers: [{ dollars: 0.25 }] },
  s3BatchObject: { ...s3, checked: '2026-03', unit: 'million objects', per: million, tiers: [{ dollars: 1 }] },
  sqsStandard: { ...sqs, ...requests, tiers: [{ dollars: 0.4 }] },
  sqsFifo: { ...sqs, ...requests, tiers: [{ dollars: 0.5 }] },
  lambdaRequest: { ...lambda, ...requests, tiers: [{ dollars: 0.2 }] },
  lambdaArm: { ...lambda, unit: 'million GB-seconds', per: million, tiers: [{ dollars: 13.3334 }] },
  lambdaX86: { ...lambda, unit: 'million GB-seconds', per: million, tiers: [{ dollars: 16.6667 }] },
  /** Vended logs, delivered to S3. */
  vendedToS3: { ...logs, unit: 'GB', per: gigabyte, tiers: vendedTiers(0.25, 0.15, 0.075, 0.05) },
  /** Vended logs, delivered to CloudWatch Logs. */
  vendedToLogs: { ...logs, unit: 'GB', per: gigabyte, tiers: vendedTiers(0.5, 0.25, 0.1, 0.05) },
  /** What is no vended log, into the Standard class of CloudWatch Logs. */
  logsIngestion: { ...logs, unit: 'GB', per: gigabyte, tiers: [{ dollars: 0.5 }] },
  logsStorage: { ...logs, unit: 'GB-month', per: gigabyte, tiers: [{ dollars: 0.03 }] },
  athenaScan: {
    region: 'us-east-1',
    source: 'https://aws.amazon.com/athena/pricing/',
    checked: '2026-08-27',
    unit: 'TB',
    per: 1024 * gigabyte,
    tiers: [{ dollars: 5 }],
  },
} as const satisfies Record<string, Price>

export type PriceName = keyof typeof prices
export type Prices = Readonly<Record<PriceName, Price>>

/** US dollars for so many of what the price counts, all in one month. */
export function dollarsFor({ tiers, per }: Price, counted: number): number {
  const units = counted / per
  let dollars = 0
  let from = 0
  for (const tier of tiers) {
    const to = Math.min(units, tier.upTo ?? Number.POSITIVE_INFINITY)
    if (to <= from) break
    dollars += (to - from) * tier.dollars
    from = to
  }
  return dollars
}

/** `$0.4 per million requests, us-east-1 2026-06-13`; `$0.25 per GB (first 10,240), …` */
export function priceWords({ tiers, unit, region, checked }: Price): string {
  const [{ dollars, upTo } = { dollars: 0 }] = tiers
  const first = upTo === undefined ? '' : ` (first ${count(upTo)})`
  return `$${dollars} per ${unit}${first}, ${region} ${checked}`
}
