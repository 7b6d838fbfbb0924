import { type Archive, detect, lines, type SourceMessage } from '@flowferry/core'
import { formats } from '@flowferry/core/formats'
import { cloudFront } from '@flowferry/core/formats/cloudfront'
import { cloudFrontConnection } from '@flowferry/core/formats/cloudfront-connection'
import { cloudTrail } from '@flowferry/core/formats/cloudtrail'
import { guardDuty } from '@flowferry/core/formats/guardduty'
import { networkFirewall } from '@flowferry/core/formats/network-firewall'
import { networkFirewallProxy } from '@flowferry/core/formats/network-firewall-proxy'
import { route53Resolver } from '@flowferry/core/formats/route53-resolver'
import { s3Access } from '@flowferry/core/formats/s3-access'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { waf } from '@flowferry/core/formats/waf'
import { hours, minutes } from '@flowferry/core/schema'
import { describe, expect, it } from 'vitest'
import { type FakeObject, fakeS3 } from '../../test/fake-s3.ts'
import { type ArchiveOptions, archiveObjects, backfillSource } from './archive.ts'
import { keyInterval } from './layout.ts'

const day = { from: new Date('2026-11-22T00:00:00Z'), to: new Date('2026-11-23T00:00:00Z') }
const all = detect([vpcFlow, cloudTrail, cloudFront, s3Access])
type Options = Partial<ArchiveOptions> & { pageSize?: number }

async function planned(keys: Iterable<string | FakeObject>, { pageSize, ...options }: Options = {}) {
  const { s3, requests } = fakeS3(keys, pageSize)
  const objects: string[] = []
  for await (const { key } of archiveObjects({ s3, bucket: 'logs', parser: all, ...day, ...options })) objects.push(key)
  return { objects, requests }
}

/** Keys as AWS writes them, of a time: `20261122T0915Z`. */
const stamp = (time: number) =>
  new Date(time)
    .toISOString()
    .replace(/[-:]/g, '')
    .replace(/\d\d\.\d{3}/, '')
const parts = (time: number) => new Date(time).toISOString().split(/\D/) as [string, string, string, string]
const hex = (n: number) => (n >>> 0).toString(16).padStart(8, '0')
const plainDay = (time: number) => parts(time).slice(0, 3).join('/')
const hiveDay = (time: number) => {
  const [year, month, date] = parts(time)
  return `year=${year}/month=${month}/day=${date}`
}
const flowFile = (account: string, region: string, time: number, n: number) =>
  `${account}_vpcflowlogs_${region}_fl-0123456789abcdef0_${stamp(time)}_${hex(n)}.log.gz`
const trailFile = (account: string, region: string, time: number, n: number, kind = 'CloudTrail') =>
  `${account}_${kind}_${region}_${stamp(time)}_${hex(n)}abcdefgh.json.gz`
const cdnFile = (time: number, n: number, distribution = 'E2EXAMPLE12345') =>
  `${distribution}.${parts(time).slice(0, 4).join('-')}.${hex(n)}.gz`
const accessFile = (time: number, n: number) =>
  `${new Date(time).toISOString().slice(0, 19).replace(/[T:]/g, '-')}-${hex(n).toUpperCase()}EXAMPLE0`

const [one, two] = ['111122223333', '444455556666']
type KeyOf = (time: number, n: number) => string
/** How late and how early records may be against the time in their key. */
const flows = { late: hours(1), early: minutes(15) }
const trail = { late: hours(2), early: minutes(5) }
const cdn = { late: hours(2), early: hours(1) }
const access = { late: hours(6), early: 0 }
const layouts: Readonly<Record<string, readonly [Required<Pick<Archive, 'late' | 'early'>>, KeyOf]>> = {
  'flow logs, plain': [
    flows,
    (t, n) => `AWSLogs/${one}/vpcflowlogs/eu-central-1/${plainDay(t)}/${flowFile(one, 'eu-central-1', t, n)}`,
  ],
  'flow logs, plain, hourly': [
    flows,
    (t, n) =>
      `AWSLogs/${one}/vpcflowlogs/us-gov-west-1/${plainDay(t)}/${parts(t)[3]}/${flowFile(one, 'us-gov-west-1', t, n)}`,
  ],
  'flow logs, below a prefix': [
    flows,
    (t, n) => `network/flows/AWSLogs/${two}/vpcflowlogs/us-east-1/${plainDay(t)}/${flowFile(two, 'us-east-1', t, n)}`,
  ],
  'flow logs, hive': [
    flows,
    (t, n) =>
      `hive/AWSLogs/aws-account-id=${one}/aws-service=vpcflowlogs/aws-region=eu-central-1/${hiveDay(t)}/${flowFile(one, 'eu-central-1', t, n)}`,
  ],
  'flow logs, hive, hourly': [
    flows,
    (t, n) =>
      `hourly/AWSLogs/aws-account-id=${two}/aws-service=vpcflowlogs/aws-region=eu-west-1/${hiveDay(t)}/hour=${parts(t)[3]}/${flowFile(two, 'eu-west-1', t, n)}`,
  ],
  'CloudTrail, plain': [
    trail,
    (t, n) => `AWSLogs/${two}/CloudTrail/ap-southeast-2/${plainDay(t)}/${trailFile(two, 'ap-southeast-2', t, n)}`,
  ],
  'CloudTrail, of an organization': [
    trail,
    (t, n) => `AWSLogs/o-abcde12345/${one}/CloudTrail/us-east-1/${plainDay(t)}/${trailFile(one, 'us-east-1', t, n)}`,
  ],
  'CloudTrail, of Control Tower': [
    trail,
    (t, n) =>
      `o-abcde12345/AWSLogs/o-abcde12345/${two}/CloudTrail/us-east-1/${plainDay(t)}/${trailFile(two, 'us-east-1', t, n)}`,
  ],
  'CloudTrail, of an older Control Tower': [
    trail,
    (t, n) => `o-zyxwv98765/AWSLogs/${one}/CloudTrail/us-east-1/${plainDay(t)}/${trailFile(one, 'us-east-1', t, n)}`,
  ],
  'CloudTrail, below a folder of its name': [
    trail,
    (t, n) =>
      `CloudTrail/AWSLogs/${one}/CloudTrail/eu-central-1/${plainDay(t)}/${trailFile(one, 'eu-central-1', t, n)}`,
  ],
  'flow logs, below a folder of their name': [
    flows,
    (t, n) => `vpcflowlogs/${two}/vpcflowlogs/eu-central-1/${plainDay(t)}/${flowFile(two, 'eu-central-1', t, n)}`,
  ],
  'CloudTrail Insights': [
    trail,
    (t, n) =>
      `AWSLogs/${one}/CloudTrail-Insight/us-east-1/${plainDay(t)}/${trailFile(one, 'us-east-1', t, n, 'CloudTrail-Insight')}`,
  ],
  'CloudFront, legacy, at the top': [cdn, (t, n) => cdnFile(t, n)],
  'CloudFront, legacy, below a prefix': [cdn, (t, n) => `cdn/${cdnFile(t, n, 'E1EXAMPLE67890')}`],
  'CloudFront v2, default': [cdn, (t, n) => `AWSLogs/${one}/CloudFront/${cdnFile(t, n)}`],
  'CloudFront v2, partitioned': [
    cdn,
    (t, n) => `AWSLogs/${two}/CloudFront/E2EXAMPLE12345/${parts(t).slice(0, 4).join('/')}/${cdnFile(t, n)}`,
  ],
  'CloudFront v2, hive': [
    cdn,
    (t, n) =>
      `AWSLogs/aws-account-id=${two}/CloudFront/DistributionId=E2EXAMPLE12345/${hiveDay(t)}/hour=${parts(t)[3]}/${cdnFile(t, n)}`,
  ],
  'CloudFront v2, dates first, below a folder of the user': [
    cdn,
    (t, n) => `example.com/${parts(t).slice(0, 4).join('/')}/${cdnFile(t, n)}`,
  ],
  'S3 access, at the top': [access, (t, n) => accessFile(t, n)],
  'S3 access, in a folder': [access, (t, n) => `access/${accessFile(t, n)}`],
  'S3 access, behind a prefix without a folder': [access, (t, n) => `access/shop-${accessFile(t, n)}`],
  'S3 access, by date of delivery': [access, (t, n) => `${one}/eu-central-1/shop/${plainDay(t)}/${accessFile(t, n)}`],
  'S3 access, by date of delivery, in a folder': [
    access,
    (t, n) => `s3access/${two}/us-east-1/shop/${plainDay(t)}/${accessFile(t, n)}`,
  ],
  'S3 access, by date of delivery, behind a prefix without a folder': [
    access,
    (t, n) => `logs${two}/us-east-1/shop/${plainDay(t)}/${accessFile(t, n)}`,
  ],
}

const minute = minutes(1)
function formatAt(archive: readonly Archive[], kind = 'own') {
  return lines({ kind, dataset: 'custom.own', archive, record: (line) => ({ line }), document: () => ({}) })
}
const from = day.from.getTime()
const to = day.to.getTime()

describe('archiveObjects', () => {
  it.each(Object.entries(layouts))('finds %s by listing, and what is of the span', async (_, [margins, keyOf]) => {
    const { late, early } = margins
    const unit = margins === cdn ? 60 * minute : minute
    const within = [from - early, from, from + 9 * 60 * minute, to - minute, to + late - unit].map(keyOf)
    const outside = [
      from - early - 2 * unit,
      to + late + unit,
      from - 400 * 24 * 60 * minute,
      to + 40 * 24 * 60 * minute,
    ].map(keyOf)
    const { objects } = await planned([...within, ...outside])
    expect(objects).toEqual([...within].sort())
  })

  it.each([
    'AWSLogs/123456789012/vpcflowlogs/us-east-1/2026/11/22/123456789012_vpcflowlogs_us-east-1_fl-1234abcd_20261122T1620Z_fe123456.log.gz',
    'AWSLogs/123456789012/vpcflowlogs/us-east-1/2026/11/22/16/123456789012_vpcflowlogs_us-east-1_fl-1234abcd_20261122T1620Z_fe123456.log.parquet',
    'AWSLogs/aws-account-id=123456789012/aws-service=vpcflowlogs/aws-region=us-east-1/year=2026/month=11/day=22/hour=16/123456789012_vpcflowlogs_us-east-1_fl-1234abcd_20261122T1620Z_fe123456.log.gz',
    'prefix_name/AWSLogs/111122223333/CloudTrail/us-east-2/2026/11/22/111122223333_CloudTrail_us-east-2_20261122T2055Z_7bHPn1gGNcNCYuVa.json.gz',
    'AWSLogs/o-exampleorgid/123456789012/CloudTrail/us-east-1/2026/11/22/123456789012_CloudTrail_us-east-1_20261122T2055Z_7bHPn1gGNcNCYuVa.json.gz',
    'o-exampleorgid/AWSLogs/o-exampleorgid/123456789012/CloudTrail/us-east-1/2026/11/22/123456789012_CloudTrail_us-east-1_20261122T2055Z_7bHPn1gGNcNCYuVa.json.gz',
    'AWSLogs/123456789012/CloudTrail-Insight/us-east-1/2026/11/22/123456789012_CloudTrail-Insight_us-east-1_20261122T2055Z_7bHPn1gGNcNCYuVa.json.gz',
    'EMLARXS9EXAMPLE.2026-11-22-20.RT4KCN4SGK9.gz',
    'example-prefix/EMLARXS9EXAMPLE.2026-11-22-20.a103fd5a.gz',
    'AWSLogs/aws-account-id=123456789012/CloudFront/DistributionId=EMLARXS9EXAMPLE/year=2026/month=11/day=22/hour=20/EMLARXS9EXAMPLE.2026-11-22-20.a103fd5a.gz',
    '2026-11-22-16-20-00-7B4A0FABBEXAMPLE',
    'logs/123456789012/us-west-2/amzn-s3-demo-bucket/2026/11/22/2026-11-22-00-00-00-7B4A0FABBEXAMPLE',
    'logs123456789012/us-west-2/amzn-s3-demo-bucket/2026/11/22/2026-11-22-00-00-00-7B4A0FABBEXAMPLE',
    'AWSLogs/123456789012/CloudFront/2026/EMLARXS9EXAMPLE/11/22/EMLARXS9EXAMPLE.2026-11-22-20.a103fd5a.parquet',
  ])('finds %s, and not the day before or after', async (key) => {
    expect(await planned([key])).toMatchObject({ objects: [key] })
    for (const from of ['2026-11-21', '2026-11-24'].map((date) => new Date(`${date}T00:00:00Z`)))
      expect(await planned([key], { from, to: new Date(from.getTime() + 12 * 60 * minute) })).toMatchObject({
        objects: [],
      })
  })

  it('finds all layouts of one bucket at once, in the order of their keys', async () => {
    const keys = Object.values(layouts).flatMap(([, keyOf]) => [0, 1, 2].map((n) => keyOf(from + n * 400 * minute, n)))
    const noise = [
      'readme.txt',
      'AWSLogs/111122223333/elasticloadbalancing/eu-central-1/2026/11/22/x.log.gz',
      'zzz/1/2/3',
    ]
    const digest = `AWSLogs/${one}/CloudTrail-Digest/us-east-1/${plainDay(from)}/${trailFile(one, 'us-east-1', from, 1, 'CloudTrail-Digest')}`
    const folder = `AWSLogs/${one}/vpcflowlogs/eu-central-1/${plainDay(from)}/`
    for (const pageSize of [1000, 3, 1]) {
      const { objects } = await planned([...keys, ...noise, digest, { Key: folder }], { pageSize })
      expect(objects).toEqual([...keys].sort())
    }
  })

  it('takes only the formats, accounts and regions that are asked for', async () => {
    const keys = Object.values(layouts).map(([, keyOf], n) => keyOf(from, n))
    const expected = (pattern: RegExp) => keys.filter((key) => pattern.test(key)).sort()
    const notes: string[] = []
    const of = async (options: Options) =>
      (await planned(keys, { onNote: (note) => notes.push(note), ...options })).objects
    expect(await of({ parser: vpcFlow })).toEqual(expected(/vpcflowlogs/))
    expect(await of({ parser: detect([cloudTrail, cloudFront]) })).toEqual(expected(/^(?!.*(?:vpcflowlogs|EXAMPLE0$))/))
    expect(await of({ parser: s3Access })).toEqual(expected(/EXAMPLE0$/))
    expect(await of({ accounts: [one] })).toEqual(expected(/111122223333/))
    expect(notes.sort()).toEqual([
      'left out: files of CloudFront whose keys name no account',
      'left out: files of s3access whose keys name no account',
    ])
    expect(await of({ parser: vpcFlow, regions: ['eu-central-1', 'eu-west-1'] })).toEqual(
      expected(/flowlogs.*eu-(central|west)-1/),
    )
  })

  it('reads a prefix at any depth, whole or cut', async () => {
    const [, keyOf] = layouts['flow logs, plain']!
    const keys = [from - minute, from + minute, from + 3000 * minute].map(keyOf)
    const other = layouts['CloudTrail, plain']![1](from, 1)
    for (const prefix of [
      'AWS',
      'AWSLogs/',
      `AWSLogs/${one}`,
      `AWSLogs/${one}/vpcflow`,
      `AWSLogs/${one}/vpcflowlogs/eu-central-1/`,
      `AWSLogs/${one}/vpcflowlogs/eu-central-1/2026/`,
      `AWSLogs/${one}/vpcflowlogs/eu-central-1/2026/11/2`,
    ])
      expect((await planned([...keys, other], { prefix, parser: vpcFlow })).objects, prefix).toEqual(keys.slice(0, 2))
    expect((await planned(keys, { prefix: `${keys[1]!.slice(0, -30)}` })).objects).toEqual([keys[1]])
    const shop = [from + minute, from + 7000 * minute].map(layouts['S3 access, behind a prefix without a folder']![1])
    for (const prefix of ['access/', 'access/shop', 'access/shop-20', 'access/shop-2026-11-22-00-0'])
      expect((await planned([...shop, 'access/2026-11-22-00-00-00-0123456789ABCDEF'], { prefix })).objects.at(-1)).toBe(
        shop[0],
      )
    expect(
      (await planned([cdnFile(from, 1), cdnFile(from + 60 * minute, 1)], { prefix: cdnFile(from, 1).slice(0, 28) }))
        .objects,
    ).toEqual([cdnFile(from, 1)])
    const cdn = layouts['CloudFront v2, partitioned']![1](from, 1)
    expect((await planned([cdn], { prefix: cdn.slice(0, cdn.lastIndexOf('/') + 1) })).objects).toEqual([cdn])
  })

  it.each([
    ['elasticloadbalancing', undefined, 'eu-central-1', 'app.lb.50dc6c495c0c9188_20261122T1020Z_10.0.0.1_4f2a.log.gz'],
    ['WAFLogs', waf, 'eu-central-1/acl', '1_waflogs_eu-central-1_acl_20261122T1020Z_ab12.log.gz'],
    ['WAFLogs', waf, 'cloudfront/acl', '1_waflogs_cloudfront_acl_20261122T1020Z_ab12.log.gz'],
    [
      'network-firewall',
      networkFirewall,
      'alert/eu-central-1/fw',
      '111122223333_network-firewall_alert_eu-central-1_fw_202611221020_ab12.log.gz',
    ],
    ['vpcdnsquerylogs', route53Resolver, 'vpc-1', 'vpc-1_vpcdnsquerylogs_111122223333_20261122T1020Z_ab12.log.gz'],
    ['GuardDuty', guardDuty, 'eu-central-1', '8b0f1a9c-0000-4000-8000-000000000000.jsonl.gz'],
  ] as const)('finds files of %s', async (service, format, path, name) => {
    const parser = format ?? formatAt([{ service }])
    const root = `AWSLogs/${one}/${service}/${path}`
    const keys = ['20', '22', '24'].map(
      (date) =>
        `${root}/2026/11/${date}/10/${name.replace('202611221', `202611${date}1`).replace('20261122T', `202611${date}T`)}`,
    )
    const others = [
      `AWSLogs/${one}/vpcflowlogs/eu-central-1/2026/11/22/x.log.gz`,
      `AWSLogs/${one}/${service}/x/y/z/v/w`,
    ]
    expect((await planned([...keys, ...others], { parser })).objects).toEqual([keys[1]])
    const abroad = path.startsWith('vpc') || path.startsWith('cloudfront') ? [keys[1]] : []
    expect((await planned(keys, { parser, regions: ['us-east-1'] })).objects).toEqual(abroad)
    expect((await planned(keys, { parser, accounts: [two] })).objects).toEqual([])
  })

  it("finds the files of a user's own format, with its folders anywhere, and notes a format without an archive", async () => {
    const key = 'web/nginx/2026/11/22/access.log.gz'
    const notes: string[] = []
    const parser = detect([formatAt([{ service: 'nginx', folders: [] }]), formatAt([], 'homeless')])
    const { objects } = await planned([key, 'web/nginx/2026/11/19/access.log.gz', 'web/other/x'], {
      parser,
      onNote: (note) => notes.push(note),
    })
    expect(objects).toEqual([key])
    expect(notes).toEqual(['left out: records of homeless, whose format has no archive'])
  })

  it('tells the formats of one folder apart by the names of their files, and takes the wider margins', async () => {
    const folder = `AWSLogs/${one}/elasticloadbalancing/eu-central-1/2026/11/22/`
    const stem = `${one}_elasticloadbalancing_eu-central-1_app.lb.1_20261122T1020Z_10.0.0.1`
    const [access, connection, late] = [
      `${folder}${stem}_a.log.gz`,
      `${folder}conn_log_${stem}_b.log.gz`,
      `${folder}${stem.replace('T10', 'T16')}_c.log.gz`,
    ]
    const service = 'elasticloadbalancing'
    const ofAccess = formatAt([{ service, files: /^\d{12}_/ }], 'access')
    const ofConnections = formatAt([{ service, files: /^conn_log_/, late: hours(6) }], 'connections')
    const keys = [access, connection, late]
    const span = { from: new Date('2026-11-22T10:00Z'), to: new Date('2026-11-22T11:00Z') }
    expect((await planned(keys, { parser: ofAccess, ...span })).objects).toEqual([access])
    expect((await planned(keys, { parser: ofConnections, ...span })).objects).toEqual([connection])
    expect((await planned(keys, { parser: detect([ofAccess, ofConnections]), ...span })).objects).toEqual([
      access,
      late,
      connection,
    ])
  })

  it('goes on behind any key, and lists nothing that is behind it', async () => {
    const keys = Object.values(layouts).flatMap(([, keyOf]) => [0, 1, 2].map((n) => keyOf(from + n * 400 * minute, n)))
    const sorted = [...keys].sort()
    const whole = await planned(keys)
    for (const [index, after] of sorted.entries()) {
      const { objects, requests } = await planned(keys, { after })
      expect(objects, after).toEqual(sorted.slice(index + 1))
      expect(requests.length).toBeLessThanOrEqual(whole.requests.length)
    }
  })

  it.each([
    ['flow logs, plain', (n: number) => (key: string) => key.replace('fl-0123', `fl-${1000 + n}`)],
    ['S3 access, by date of delivery', (n: number) => (key: string) => key.replace('/shop/', `/shop-${n}/`)],
  ] as const)('of a day with more keys than a page it lists those of the span: %s', async (layout, series) => {
    const [{ late, early }, keyOf] = layouts[layout]!
    const all = [0, 1, 2].flatMap((n) =>
      Array.from({ length: 24 * 60 }, (_, minute) => series(n)(keyOf(from + minutes(minute), minute))),
    )
    for (const hour of [0, 9, 23]) {
      const span = { from: new Date(from + hours(hour)), to: new Date(from + hours(hour + 1)) }
      const wanted = all.filter((key) => {
        const { start, end } = keyInterval(key)!
        return start - late < span.to.getTime() && end + early > span.from.getTime()
      })
      for (const pageSize of [100, 7, 1]) {
        const { objects, requests } = await planned(all, { ...span, pageSize })
        expect(objects).toEqual([...wanted].sort())
        // Of each series a page that is before the span, one that is behind it, and folders.
        expect(requests.length).toBeLessThanOrEqual(Math.ceil(wanted.length / pageSize) + 20)
      }
    }
  })

  it('tells what came since a former listing, however old its records are, and lists no more than may have', async () => {
    const [{ late }, keyOf] = layouts['flow logs, plain']!
    const uploaded = (key: string, time: number) => ({ Key: key, LastModified: new Date(time) })
    const now = from + hours(12)
    const before = Array.from({ length: 700 }, (_, n) => uploaded(keyOf(from + minutes(n), n), from + minutes(n + 5)))
    const came = [
      uploaded(keyOf(now - minutes(5), 1000), now + 1000),
      // Late, on a page that has others of the hour before.
      uploaded(keyOf(now - late + minutes(1), 1001), now + 2000),
      uploaded(keyOf(now + minutes(2), 1002), now),
    ]
    const span = { from: new Date(now), to: new Date(now + hours(1)), of: 'uploads' as const }
    const { objects, requests } = await planned([...before, ...came], { ...span, pageSize: 100, parser: vpcFlow })
    expect(objects).toEqual(came.map(({ Key }) => Key).sort())
    // Four folders, a page from the day's beginning, one of the hour before now and what came.
    expect(requests.length).toBeLessThanOrEqual(7)
    const older = uploaded(keyOf(from - hours(6), 1), now)
    expect((await planned([older], { ...span, parser: vpcFlow })).objects).toEqual([])
    expect((await planned([older], { ...span, parser: vpcFlow, late: hours(24) })).objects).toEqual([older.Key])
    for (const [name, [, at]] of Object.entries(layouts)) {
      const key = at(now - minutes(10), 1)
      expect((await planned([uploaded(key, now + 1)], span)).objects, name).toEqual([key])
      expect((await planned([uploaded(key, now - 1)], span)).objects, name).toEqual([])
    }
  })

  it('asks once for a region, however long the span, and steps over distributions of any number of files', async () => {
    const [, keyOf] = layouts['flow logs, plain']!
    const { requests } = await planned([keyOf(from, 1)], { from: new Date('2023-01-01'), parser: vpcFlow })
    // The top, AWSLogs, the account, the service, and the region's days.
    expect(requests).toHaveLength(5)
    const files = Array.from({ length: 5000 }, (_, n) => cdnFile(from - n * 60 * minute, n))
    const cdn = await planned([...files, cdnFile(from, 1, 'E9EXAMPLE00000')], { pageSize: 100 })
    expect(cdn.objects).toHaveLength(3)
    expect(cdn.requests.length).toBeLessThan(8)
  })

  it('lists of S3 access logs, flat or by date, what is near the span, and steps over a year at once', async () => {
    const { s3, requests } = fakeS3(
      Array.from({ length: 30_000 }, (_, n) => `access/${accessFile(from - n * 20 * minute, n)}`).concat(
        Array.from(
          { length: 400 },
          (_, n) =>
            `${one}/eu-central-1/shop/${plainDay(from - n * 1440 * minute)}/${accessFile(from - n * 1440 * minute, n)}`,
        ),
      ),
      100,
    )
    const found: string[] = []
    const span = { from: new Date(from - hours(2)), to: new Date(from - hours(1)) }
    for await (const { key } of archiveObjects({ s3, bucket: 'logs', parser: s3Access, ...span })) found.push(key)
    // 22:00, 22:20, … 00:00 of the folder, and the files of two days, one of which may be late.
    expect(found).toHaveLength(7 + 2)
    // The top; the account, its region and its days; the folder, what is behind each of its two years, and a range.
    expect(requests).toHaveLength(8)
  })

  it('takes a file of a whole day, as S3 names it, for any time of the day, and meets what stands between the years', async () => {
    const ofDay = `${one}/eu-central-1/shop/2026/11/22/2026-11-22-00-00-00-0123456789ABCDEF`
    const behind = `logs${ofDay}`
    const between = `203012345678/eu-central-1/shop/2026/11/22/${accessFile(from + hours(20), 1)}`
    const keys = [
      ofDay,
      behind,
      between,
      '2025-11-22-10-00-00-0123456789ABCDEF',
      '2027-11-22-10-00-00-0123456789ABCDEF',
    ]
    const { objects } = await planned(keys, { from: new Date(from + hours(19)), parser: s3Access })
    expect(objects).toEqual([ofDay, between, behind])
  })

  it('finds files of any name in a folder of its own, whatever other formats name theirs', async () => {
    const key = `AWSLogs/${one}/CloudFront/${cdnFile(from, 1)}`
    const other = `AWSLogs/${one}/CloudFront/connections-${accessFile(from, 1)}`
    const elsewhere = `mtls/${cdnFile(from, 1)}`
    const keys = [key, other, elsewhere]
    expect((await planned(keys, { parser: cloudFrontConnection })).objects).toEqual(keys)
  })

  it('finds a folder of any folders among one of set ones, and keeps to the regions', async () => {
    const parser = detect([networkFirewall, networkFirewallProxy])
    const alert = (region: string, date: string) =>
      `AWSLogs/${one}/network-firewall/alert/${region}/fw/2026/11/${date}/10/${one}_network-firewall_alert_${region}_fw_202611${date}1020_ab12.log.gz`
    const proxy = { Key: `AWSLogs/${one}/network-firewall/my-proxy/a.json.gz`, LastModified: day.from }
    const keys = [alert('eu-central-1', '22'), alert('eu-central-1', '24'), alert('us-east-1', '22'), proxy]
    expect((await planned(keys, { parser })).objects).toEqual([keys[0], keys[2], proxy.Key])
    expect((await planned(keys, { parser, regions: ['eu-central-1'] })).objects).toEqual([keys[0], proxy.Key])
  })

  it('takes all formats at once', async () => {
    const parsers = await Promise.all(Object.values(formats).map((load) => load()))
    const parser = { formats: parsers.flatMap((one) => one.formats) }
    const keys = Object.values(layouts).map(([, keyOf], n) => keyOf(from, n))
    expect((await planned(keys, { parser })).objects).toEqual([...keys].sort())
  })

  it('takes by the time of upload what names no time', async () => {
    const folder = `AWSLogs/${one}/CloudFront/`
    const old = { Key: `${folder}a.parquet`, LastModified: new Date('2026-11-21T10:00:00Z') }
    const fresh = { Key: `${folder}b.parquet`, LastModified: new Date('2026-11-22T00:10:00Z') }
    expect((await planned([old, fresh])).objects).toEqual([fresh.Key])
  })

  it('refuses a bucket that is no archive', async () => {
    const folders = Array.from({ length: 1100 }, (_, n) => `user-${n}/photo.jpg`)
    await expect(planned(folders)).rejects.toThrow(/more than 1000 folders.*INVALID_OPTION/s)
    const files = Array.from({ length: 1100 }, (_, n) => `photo-${n}.jpg`)
    await expect(planned(files, { pageSize: 10 })).rejects.toThrow(/more than 100 pages.*INVALID_OPTION/s)
  })

  it('says what is wrong with an option', () => {
    const { s3 } = fakeS3([])
    const bad = (options: object) => () => archiveObjects({ s3, bucket: 'logs', parser: all, ...day, ...options })
    expect(bad({ from: day.to, to: day.from })).toThrow(/must be before `to`/)
    expect(bad({ from: new Date('x') })).toThrow(/valid Dates/)
    expect(bad({ accounts: ['1'] })).toThrow(/12 digits/)
    expect(bad({ regions: ['Frankfurt'] })).toThrow(/eu-central-1/)
    expect(bad({ parser: undefined })).toThrow(/`parser` must be the parser/)
    expect(bad({ parser: formatAt([]) })).toThrow(/no format that says where its files lie; own has no `archive`/)
    const otherwise = formatAt([{ service: 'vpcflowlogs', folders: ['name'] }])
    expect(bad({ parser: detect([vpcFlow, otherwise]) })).toThrow(/vpcflowlogs in two ways: region and name/)
    expect(bad({ late: -1 })).toThrow(/`late` must be a whole number/)
    expect(bad({ bucket: '' })).toThrow(/`bucket`/)
    expect(bad({ s3: {} })).toThrow(/`s3` must be a client/)
  })

  it('says that listing failed, and where', async () => {
    const s3 = { send: () => Promise.reject(Object.assign(new Error('no'), { name: 'AccessDenied' })) } as never
    await expect(archiveObjects({ s3, bucket: 'logs', parser: all, ...day }).next()).rejects.toMatchObject({
      code: 'LISTING_FAILED',
      message: expect.stringMatching(/AccessDenied, no \(s3:\/\/logs\).*s3:ListBucket/),
    })
  })
})

/** Repeatable numbers from 0 to 1. https://prng.di.unimi.it (splitmix32) */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x9e3779b9) | 0
    let z = Math.imul(state ^ (state >>> 16), 0x21f0aaad)
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
    return ((z ^ (z >>> 15)) >>> 0) / 4294967296
  }
}

describe('every key that a delivery of a record in [from, to) can have is planned', () => {
  it.each(Object.entries(layouts))('%s', async (_, [{ late, early }, keyOf]) => {
    const next = random(20261122)
    for (let round = 0; round < 40; round++) {
      const start = Date.UTC(2024, 0) + Math.floor(next() * 3 * 365 * 24 * 60) * minute
      const end = start + 1000 + Math.floor(next() ** 4 * 100 * 24 * 60 * minute)
      const inside: string[] = []
      const outside: string[] = []
      for (let n = 0; n < 30; n++) {
        const record = start + Math.floor(next() * (end - start))
        // CloudFront names the hour of the request; the others the minute of delivery.
        inside.push(keyOf(record - early + Math.floor(next() * (late + early)), n))
        const far = 3 * 60 * minute + next() * 600 * 24 * 60 * minute
        outside.push(keyOf(next() < 0.5 ? start - far : end + far, n))
      }
      const { objects } = await planned([...inside, ...outside], {
        from: new Date(start),
        to: new Date(end),
        pageSize: 1 + Math.floor(next() * 50),
      })
      expect(objects).toEqual([...new Set(inside)].sort())
    }
  })
})

describe('keyInterval', () => {
  it.each([
    ['a/1_vpcflowlogs_us-east-1_fl-1_20260102T0304Z_00ab.log.gz', '2026-01-02T03:04:00.000Z', minute],
    ['a/shop-2026-01-02-03-04-05-0123456789ABCDEF', '2026-01-02T03:04:05.000Z', 1000],
    ['a/shop-2026-01-02-00-00-00-0123456789ABCDEF', '2026-01-02T00:00:00.000Z', 24 * 60 * minute],
    ['cdn/E2EXAMPLE12345.2026-01-02-03.00ab12cd.gz', '2026-01-02T03:00:00.000Z', 60 * minute],
    ['a/year=2026/month=01/day=02/whatever', '2026-01-02T00:00:00.000Z', 24 * 60 * minute],
  ])('%s', (key, start, length) => {
    const begin = Date.parse(start)
    expect(keyInterval(key)).toEqual({ start: begin, end: begin + length })
  })
  it('is none where a key tells no time', () => expect(keyInterval('a/b/c.log')).toBeUndefined())
})

describe('backfillSource', () => {
  async function* objects() {
    for (const key of ['a.gz', 'AWSLogs/123456789012/ELBAccessLogTestFile', 'b_$folder$', 'b.gz'])
      yield { bucket: 'logs', key, service: 'vpcflowlogs', etag: 'e', size: 1 }
  }
  const s3 = { send: () => Promise.reject(new Error('not read here')) } as never

  it('takes the options of reading: an old archive is skipped where that is asked for', async () => {
    const messages: SourceMessage[] = []
    const source = backfillSource(objects(), { s3, archived: 'skip', missing: 'skip', unknown: 'skip' })
    for await (const message of source) messages.push(message)
    expect(messages.map((message) => message.objects.map(({ key, skip }) => [key, skip]))).toEqual([
      [['a.gz', ['OBJECT_NOT_FOUND', 'OBJECT_ARCHIVED', 'FORMAT_UNKNOWN']]],
      [],
      [],
      [['b.gz', ['OBJECT_NOT_FOUND', 'OBJECT_ARCHIVED', 'FORMAT_UNKNOWN']]],
    ])
    expect(messages.flatMap(({ ignored = [] }) => ignored)).toHaveLength(2)
  })

  it('checks them before the first object', () => {
    for (const wrong of [{ archived: 'x' }, { retries: -1 }, { s3: {} }])
      expect(() => backfillSource(objects(), { s3, ...wrong } as never)).toThrow('INVALID_OPTION')
  })
})
