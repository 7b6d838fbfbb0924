import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { detect } from '../../detect.ts'
import { FlowferryError } from '../../errors.ts'
import { formats } from '../../formats/index.ts'
import { vpcFlow } from '../../formats/vpc-flow.ts'
import { collect, memoryObject } from '../../testing/index.ts'

const all = await Promise.all(Object.values(formats).map((load) => load()))
const parser = detect(all)

/** A line of each layout that has no header, with the port or number that tells one from the next. */
const lines: Record<string, (n: number) => string> = {
  vpcflow: (n) =>
    `2 123456789012 eni-1235b8ca123456789 172.31.16.139 172.31.16.21 ${n} 22 6 20 4249 1418530010 1418530070 ACCEPT OK`,
  transitgateway: (n) =>
    `6 TransitGateway 123456789012 tgw-042b12example tgw-attach-1 123456789012 123456789012 vpc-1 vpc-2 subnet-1 subnet-2 eni-1 eni-2 use1-az4 use1-az5 tgw-attach-2 10.0.0.1 10.40.0.9 ${n} 2 6 1 80 1661790000 1661790060 OK IPv4 0 0 0 0 2 us-east-1 egress - -`,
  alb: (n) =>
    `http 2026-11-30T09:00:00.186641Z app/lb/50dc6c495c0c9188 192.0.2.7:${n} - -1 -1 -1 502 - 34 366 "GET http://a.example:80/ HTTP/1.1" "curl/8" - - arn:tg "Root=1" "-" "-" 0 2026-11-30T09:00:00.100000Z "forward" "-" "-" "-" "-" "-" "-"`,
  albconnection: (n) =>
    `2023-10-04T17:05:15.514108Z 203.0.113.1 ${n} 443 TLSv1.2 ECDHE-RSA-AES128-GCM-SHA256 4.036 "CN=a b,C=US" NotBefore=2023-09-21T22:43:21Z;NotAfter=2024-09-20T22:43:21Z FEF257372D5C14D4 Success TID_1`,
  albhealthcheck: (n) => `http 2025-10-31T12:44:59.875678Z 0.019584011 192.0.2.20:${n} group PASS 200 -`,
  nlb: (n) =>
    `tls 2.0 2018-12-20T02:59:40 net/lb/c6e77e28c25b2234 g3d4b5e8bb8464cd 192.0.2.78:${n} 192.0.2.9:443 5 2 98 246 - arn:cert - ECDHE-RSA-AES128-SHA tlsv12 - lb.example - - - 2018-12-20T02:59:30`,
  elb: (n) =>
    `2015-05-13T23:39:43.945958Z my-loadbalancer 192.0.2.1:${n} 10.0.0.1:80 0.000073 0.001048 0.000057 200 200 0 29 "GET http://www.example.com:80/ HTTP/1.1" "curl/7.38.0" - -`,
  s3access: (n) =>
    `79a5 shop [06/Feb/2019:00:00:38 +0000] 192.0.2.3 79a5 3E57427F3EXAMPLE REST.GET.VERSIONING - "GET /shop?versioning HTTP/1.1" 200 - 113 - ${n} - "-" "S3Console/0.4" -`,
}
const file = (kind: string, from: number, count: number) =>
  Array.from({ length: count }, (_, i) => `${lines[kind]!(from + i)}\n`).join('')

const read = (body: string | Buffer, chunkBytes = 65_536, reader: Parameters<typeof collect>[0] = parser) =>
  collect(reader, memoryObject({ key: 'a', body, chunkBytes }))
const failure = (body: string) =>
  read(body).then(
    () => undefined,
    (error: unknown) => (error instanceof FlowferryError ? error.code : error),
  )

describe.each(Object.keys(lines))('a headerless file of %s', (kind) => {
  const own = all.find(({ format }) => format.kind === kind)!

  test.each([1, 3, 20])('whose first line is torn is read but for that line, of %s behind it', async (count) => {
    const torn = lines[kind]!(1).slice(lines[kind]!(1).length / 2)
    for (const [chunkBytes, reader] of [
      [1, parser],
      [65_536, parser],
      [65_536, own],
    ] as const) {
      const { records, malformed, ordinals } = await read(`${torn}\n${file(kind, 2, count)}`, chunkBytes, reader)
      expect(malformed.map(({ ordinal, offset }) => [ordinal, offset])).toEqual([[0, 0]])
      expect(records.map((record) => (record as { kind: string }).kind)).toEqual(Array(count).fill(kind))
      expect(ordinals).toEqual(Array.from({ length: count }, (_, i) => i + 1))
    }
  })

  test('of which two lines in eight are torn', async () => {
    const { records, malformed } = await read(`x y\n${file(kind, 1, 3)}z\n${file(kind, 4, 20)}`)
    expect([records.length, malformed.length]).toEqual([23, 2])
  })
})

describe('a file is unknown', () => {
  test.each([
    ['a line of the kind stands in a log of another kind', `INFO start\n${file('vpcflow', 1, 1)}INFO stop\n`],
    ['most of its lines are something else', `INFO start\n${'INFO x\n'.repeat(3)}${file('vpcflow', 1, 20)}`],
    ['all of its lines are', 'a b\nc d\n'],
    ['its lines are of several layouts', `x\n${file('alb', 1, 1)}${file('s3access', 1, 1)}`],
  ])('where %s', async (_, body) => expect(await failure(body)).toBe('FORMAT_UNKNOWN'))
})

test('the first line decides where it is known, whatever stands behind it', async () => {
  const { records, malformed } = await read(`${file('s3access', 1, 1)}${'x\n'.repeat(5)}`)
  expect([records.length, malformed.length]).toEqual([1, 5])
})

test('blank lines and what AWS writes when logs are turned on stand before a torn line', async () => {
  const begin = '\n\r\nEnable AccessLog for ELB: app/lb/50dc6c495c0c9188 at 2026-11-30T09:00:00Z\nx\n'
  for (const chunkBytes of [1, 65_536]) {
    const { records, malformed } = await read(begin + file('alb', 1, 3), chunkBytes)
    expect([records.length, malformed.length]).toEqual([3, 1])
  }
})

test('more blank lines than a head has stand before the first record', async () => {
  const body = gzipSync('\n'.repeat(70_000) + file('vpcflow', 1, 2))
  for (const reader of [vpcFlow, vpcFlow.withFields(['version', 'srcaddr'])])
    expect((await read(body, 65_536, reader)).ordinals).toEqual([0, 1])
})
