import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { awsEnvironment } from '../../../../test/support/aws.ts'
import { costRequest } from '../cost/request.ts'
import { runHere } from '../test-io.ts'

const now = new Date('2026-12-01T00:00:00Z')
const statement = ['--format', 'vpc-flow', '--files', '44640', '--gb', '40']

describe('costRequest', () => {
  it.each([
    ['2026-11-01', '2026-12-01', { value: 1, origin: '' }],
    ['2026-02-01', '2026-03-01', { value: 1, origin: '' }],
    ['2026-11-30', '2026-12-01', { value: 30, origin: ', times 30/1 days' }],
    ['2026-09-02', '2026-12-01', { value: 30 / 90, origin: ', times 30/90 days' }],
  ])('takes %s to %s for a month', (since, until, scale) => {
    expect(costRequest('s3://logs/a', { since, until }, now)).toMatchObject({ bucket: 'logs', prefix: 'a', scale })
  })
})

describe('flowferry cost', () => {
  const month = ['--since', '2026-11-01', '--until', '2026-12-01']
  it.each([
    ['nothing', [], 'Say of what: s3://BUCKET --since TIME'],
    ['a file', ['logs/', ...month], 'cost lists a bucket'],
    ['a bucket without a span', ['s3://logs'], '--since says which files are listed'],
    [
      'a span that ends before it begins',
      ['s3://logs', '--since', '2026-11-02', '--until', '2026-11-01'],
      'before --until',
    ],
    ['an account that is none', ['s3://logs', ...month, '--account', '12'], 'ids of 12 digits'],
    [
      'stated figures of a bucket',
      ['s3://logs', ...month, '--expanded-gb', '5'],
      '--expanded-gb goes with figures that are',
    ],
    ['a span of stated figures', [...statement, ...month], '--since goes with a bucket'],
    ['no files', ['--format', 'vpc-flow', '--gb', '5'], '--files is missing'],
    ['files alone', ['--format', 'vpc-flow', '--files', '5'], 'State --gb, --expanded-gb or --records'],
    ['no format', ['--files', '5', '--gb', '5'], 'Stated figures are those of one --format'],
    ['two formats', [...statement, '--format', 'alb'], 'those of one --format'],
    ['what was not measured', ['--format', 'alb', '--files', '5', '--gb', '5'], 'alb was not measured'],
    ['the disk of all formats', ['s3://logs', ...month, '--disk-bytes', '5'], 'are those of one --format'],
    ['a share above all', [...statement, '--scanned', '101'], 'a number from 0 to 100'],
    [
      'a file of prices that is not there',
      [...statement, '--prices', '/nowhere.json'],
      '--prices /nowhere.json cannot be read',
    ],
  ])('refuses %s with 2', async (_, args, words) => {
    const { code, stdout, stderr } = await runHere(['cost', ...args])
    expect(stderr).toContain(words)
    expect(stdout).toBe('')
    expect(code).toBe(2)
  })

  it('tells what stated figures cost, and where each line is from', async () => {
    const { code, stdout, stderr } = await runHere(['cost', ...statement])
    expect(stderr).toBe('')
    expect(code).toBe(0)
    expect(stdout).toMatch(/\n {2}vpc-flow, on S3 +40 GB {2}stated\n/)
    expect(stdout).toMatch(/\n {2}vpc-flow, decompressed +180 GB {2}4\.5 B for a byte on S3 \(measured 20/)
    expect(stdout).toMatch(
      /\n {2}SQS, sent by S3 +44,640 +0\.0179 {2}stated, one a file +\$0\.4 per million requests, us-east-1 20/,
    )
    expect(stdout).toMatch(/\nS3 and Lambda \$\d+\.\d\d, S3 and Athena \$\d+\.\d\d, CloudWatch Logs \$\d+\.\d\d\n/)
  })

  it('says "at least" where it does not know all', async () => {
    const args = ['--format', 'alb', '--files', '5', '--gb', '5', '--expanded-gb', '50', '--records', '9']
    const { stdout } = await runHere(['cost', ...args])
    expect(stdout).toMatch(/\n {2}alb, CPU +unknown +not measured: state --cpu-seconds\n/)
    expect(stdout).toMatch(/\nS3 and Lambda at least \$/)
    expect(stdout).toMatch(/, CloudWatch Logs \$/)
    const known = await runHere(['cost', ...args, '--cpu-seconds', '3', '--disk-bytes', '300'])
    expect(known.stdout).not.toMatch(/unknown|at least \$/)
  })

  it('tells the same as data', async () => {
    const { stdout } = await runHere([
      'cost',
      ...statement,
      '--json',
      '--memory',
      '1769',
      '--wait',
      '0',
      '--cpu-seconds',
      '2',
    ])
    const { figures, sections, prices } = JSON.parse(stdout)
    expect(prices.s3Get).toMatchObject({ unit: 'million requests', source: 'https://aws.amazon.com/s3/pricing/' })
    expect(figures.find(({ name }: { name: string }) => name === 'vpc-flow, files')).toEqual({
      section: 'held',
      name: 'vpc-flow, files',
      unit: 'files',
      origin: 'stated',
      value: 44_640,
      dollars: null,
      price: null,
    })
    const of = (name: string) => figures.find((figure: { name: string }) => figure.name === name).value
    expect(of('Lambda duration')).toBeCloseTo((2 * of('vpc-flow, records')) / 1e6, 6)
    const sum = figures
      .filter(({ section }: { section: string }) => section === 'lambda')
      .reduce((total: number, { dollars }: { dollars: number | null }) => total + (dollars ?? 0), 0)
    expect(sections.lambda.dollars).toBeCloseTo(sum, 10)
    expect(sections.lambda.whole).toBe(true)
  })
})

describe('flowferry cost of a bucket', () => {
  const folder = 'AWSLogs/111122223333/vpcflowlogs/eu-central-1/2026/11/20/'
  const flow = '2 111122223333 eni-1 10.0.0.1 10.0.0.2 443 50000 6 10 8400 1795132800 1795132860 ACCEPT OK\n'
  const header =
    'version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status\n'
  const body = gzipSync(header + flow.repeat(40))
  const keys = Array.from(
    { length: 25 },
    (_, n) => `${folder}111122223333_vpcflowlogs_eu-central-1_fl-1_20261120T10${10 + n}Z_${n}.log.gz`,
  )

  /** Lists those keys, a page at a time at most, and gives each the same body. */
  const server = createServer((request, response) => {
    const { searchParams, pathname } = new URL(request.url!, 'http://s3')
    if (!searchParams.has('list-type')) {
      response.setHeader('etag', '"e"')
      response.end(pathname.startsWith('/logs/') ? body : '')
      return
    }
    const [prefix, delimiter, after] = ['prefix', 'delimiter', 'start-after'].map(
      (name) => searchParams.get(name) ?? '',
    )
    const found = keys.filter((key) => key.startsWith(prefix!) && key > after!)
    const folderOf = (key: string) => key.slice(0, key.indexOf('/', prefix!.length) + 1)
    const folders = delimiter ? [...new Set(found.map(folderOf))].filter((name) => name !== '') : []
    const files = folders.length > 0 ? [] : found
    const contents = files.map(
      (key) => `<Contents><Key>${key}</Key><Size>${body.length}</Size><ETag>"e"</ETag></Contents>`,
    )
    const prefixes = folders.map((name) => `<CommonPrefixes><Prefix>${name}</Prefix></CommonPrefixes>`)
    response.end(`<ListBucketResult>${[...contents, ...prefixes].join('')}</ListBucketResult>`)
  })
  let environment: Record<string, string>
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    environment = awsEnvironment(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  })
  afterEach(() => void vi.unstubAllEnvs())
  afterAll(() => {
    server.close()
    server.closeAllConnections()
  })

  function cost(...args: string[]) {
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value)
    return runHere(['cost', ...args], { env: environment })
  }

  it('lists its files and reads some of them', async () => {
    const { code, stdout } = await cost('s3://logs', '--since', '2026-11-20', '--until', '2026-11-21', '--sample', '4')
    expect(code).toBe(0)
    expect(stdout).toMatch(/vpcflowlogs: vpc-flow, files +750 {2}listed, times 30\/1 days\n/)
    expect(stdout).toMatch(/vpcflowlogs: vpc-flow, documents +30,000 {2}sampled 4 of 25 files, times 30\/1 days\n/)
    expect(stdout).toMatch(/vended logs +.* sampled 4 of 25 files/)
    expect(stdout).toMatch(/S3 LIST +\d+ .* listed, times 30\/1 days, twice/)
  })

  it('leaves out what globs do not mean', async () => {
    const span = ['--since', '2026-11-20', '--until', '2026-11-21']
    const { code, stdout } = await cost('s3://logs', ...span, '--include', '*_1?.log.gz', '--exclude', '*_15.*')
    expect(code).toBe(0)
    expect(stdout).toMatch(/vpcflowlogs: vpc-flow, files +270 {2}listed, times 30\/1 days\n/)
    expect(await cost(...statement, '--include', '*')).toMatchObject({ code: 2 })
  })

  it('fails where it finds nothing', async () => {
    const { code, stdout, stderr } = await cost('s3://logs', '--since', '2026-10-20', '--until', '2026-10-21')
    expect(stderr).toContain('no log files were found')
    expect(stdout).toBe('')
    expect(code).toBe(1)
  })
})
