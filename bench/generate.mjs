// Deterministic log files like AWS's, made once: flow logs of version 2, CloudFront standard logs, CloudTrail in one line.

import { once } from 'node:events'
import { createWriteStream, existsSync, mkdirSync, renameSync } from 'node:fs'
import { dirname } from 'node:path'
import { createGzip } from 'node:zlib'

/** Numbers below `limit`, the same in each run (a linear congruential generator; its high bits are good enough here). */
function random(seed) {
  let state = BigInt(seed)
  const next = (limit) => {
    state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffffffffffffffffn
    return Number(state >> 33n) % limit
  }
  const hex = (length) => Array.from({ length }, () => next(16).toString(16)).join('')
  return { next, hex, pick: (list) => list[next(list.length)] }
}

const start = 1_790_000_000

function* vpcFlow(records) {
  const { next, hex, pick } = random(11)
  yield 'version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status\n'
  const interfaces = Array.from({ length: 400 }, () => `eni-0${hex(16)}`)
  const inside = Array.from({ length: 400 }, () => `10.${next(3)}.${next(48)}.${next(250) + 4}`)
  const outside = Array.from({ length: 20_000 }, () => `${next(223) + 1}.${next(256)}.${next(256)}.${next(255)}`)
  for (let i = 0; i < records; i++) {
    const from = start + Math.floor((i * 300) / records) + next(60)
    const to = from + 1 + next(59)
    if (next(170) === 0) {
      yield `2 123456789012 ${pick(interfaces)} - - - - - - - ${from} ${to} - NODATA\n`
      continue
    }
    const peer = next(100) < 55 ? pick(inside) : pick(outside)
    const ports = [32768 + next(28_000), pick([443, 443, 443, 80, 53, 5432, 6379, 22, 3306, 123])]
    const packets = 1 + next(40)
    const [source, destination] = next(2) ? [peer, pick(inside)] : [pick(inside), peer]
    if (next(2)) ports.reverse()
    yield `2 123456789012 ${pick(interfaces)} ${source} ${destination} ${ports.join(' ')} ${pick([6, 6, 6, 6, 6, 17])} ${packets} ${packets * (40 + next(1400))} ${from} ${to} ${next(12) ? 'ACCEPT' : 'REJECT'} OK\n`
  }
}

const cloudFrontFields =
  'date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type cs-protocol-version fle-status fle-encrypted-fields c-port time-to-first-byte x-edge-detailed-result-type sc-content-type sc-content-len sc-range-start sc-range-end'

function* cloudFront(records) {
  const { next, hex, pick } = random(31)
  yield `#Version: 1.0\n#Fields: ${cloudFrontFields}\n`
  const agents = Array.from(
    { length: 28 },
    (_, v) =>
      `Mozilla/5.0%20(Windows%20NT%2010.0;%20Win64;%20x64)%20AppleWebKit/537.36%20(KHTML,%20like%20Gecko)%20Chrome/${v + 100}.0.0.0%20Safari/537.36`,
  )
  const paths = Array.from({ length: 600 }, (_, i) => (i % 3 ? `/assets/app.${hex(8)}.js` : `/api/v1/orders/${i}`))
  const clients = Array.from({ length: 15_000 }, () => `${next(223) + 1}.${next(256)}.${next(256)}.${next(255)}`)
  for (let i = 0; i < records; i++) {
    const [date, time] = new Date((start + Math.floor((i * 3600) / records)) * 1000)
      .toISOString()
      .slice(0, 19)
      .split('T')
    const [result, status] = pick([
      ['Hit', 200],
      ['Hit', 200],
      ['Hit', 200],
      ['Miss', 200],
      ['Error', 502],
      ['Redirect', 301],
    ])
    const taken = (next(900) / 1000).toFixed(3)
    const query = next(10) < 7 ? '-' : `q=${hex(6)}&page=${next(20)}`
    const length = next(60_000)
    yield `${[date, time, `FRA56-P${next(4) + 1}`, length + 400, pick(clients), next(10) ? 'GET' : 'POST', 'd111111abcdef8.cloudfront.net', pick(paths), status, pick(['-', 'https://www.example.com/']), pick(agents), query, '-', result, `${hex(54)}==`, 'www.example.com', 'https', 30 + next(1400), taken, '-', 'TLSv1.3', 'TLS_AES_128_GCM_SHA256', result, 'HTTP/2.0', '-', '-', 1024 + next(60_000), taken, result, 'application/javascript', length, '-', '-'].join('\t')}\n`
  }
}

function* cloudTrail(records) {
  const { next, hex, pick } = random(21)
  const uuid = () => `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(12)}`
  const calls = [
    [
      'sts.amazonaws.com',
      'AssumeRole',
      true,
      () => ({
        roleArn: `arn:aws:iam::123456789012:role/role-${next(40)}`,
        roleSessionName: `session-${hex(12)}`,
        durationSeconds: 3600,
      }),
      () => ({
        credentials: {
          accessKeyId: `ASIA${hex(16).toUpperCase()}`,
          sessionToken: hex(400),
          expiration: 'Nov 22, 2026, 11:00:00 AM',
        },
      }),
    ],
    [
      's3.amazonaws.com',
      'GetObject',
      true,
      () => ({
        bucketName: `data-${next(20)}`,
        Host: 'data.s3.eu-central-1.amazonaws.com',
        key: `year=2026/month=11/part-${hex(8)}.parquet`,
      }),
      () => null,
    ],
    [
      'ec2.amazonaws.com',
      'DescribeInstances',
      true,
      () => ({
        filterSet: { items: [{ name: 'vpc-id', valueSet: { items: [{ value: `vpc-0${hex(16)}` }] } }] },
        instancesSet: {},
      }),
      () => null,
    ],
    [
      'iam.amazonaws.com',
      'PutRolePolicy',
      false,
      () => ({
        roleName: `role-${next(40)}`,
        policyName: `inline-${hex(4)}`,
        policyDocument: JSON.stringify(
          {
            Version: '2012-10-17',
            Statement: [{ Effect: 'Allow', Action: ['s3:Get*', 'kms:Decrypt'], Resource: '*' }],
          },
          null,
          2,
        ),
      }),
      () => null,
    ],
  ]
  yield '{"Records":['
  for (let i = 0; i < records; i++) {
    const [source, name, readOnly, request, response] = pick(calls)
    const role = `role-${next(40)}`
    const denied =
      next(25) === 0 ? { errorCode: 'AccessDenied', errorMessage: `User is not authorized to perform: ${name}` } : {}
    yield `${i ? ',' : ''}${JSON.stringify({
      eventVersion: '1.11',
      userIdentity: {
        type: 'AssumedRole',
        principalId: `AROA${role.toUpperCase()}:i-0${hex(16)}`,
        arn: `arn:aws:sts::123456789012:assumed-role/${role}/i-0${hex(16)}`,
        accountId: '123456789012',
        accessKeyId: `ASIA${hex(16).toUpperCase()}`,
        sessionContext: {
          sessionIssuer: {
            type: 'Role',
            principalId: `AROA${role.toUpperCase()}`,
            arn: `arn:aws:iam::123456789012:role/${role}`,
            accountId: '123456789012',
            userName: role,
          },
          attributes: { creationDate: '2026-11-22T09:00:00Z', mfaAuthenticated: 'false' },
        },
      },
      eventTime: new Date((start + Math.floor(i / 90)) * 1000).toISOString().replace('.000', ''),
      eventSource: source,
      eventName: name,
      awsRegion: 'eu-central-1',
      sourceIPAddress: `10.0.${next(32)}.${next(250) + 4}`,
      userAgent: pick(['aws-sdk-java/2.25.0 Linux/6.1', 'Boto3/1.34.100 md/Botocore#1.34.100', 'aws-cli/2.15.0']),
      ...denied,
      requestParameters: request(),
      responseElements: response(),
      requestID: uuid(),
      eventID: uuid(),
      readOnly,
      eventType: 'AwsApiCall',
      managementEvent: source !== 's3.amazonaws.com',
      recipientAccountId: '123456789012',
      eventCategory: source === 's3.amazonaws.com' ? 'Data' : 'Management',
      tlsDetails: {
        tlsVersion: 'TLSv1.3',
        cipherSuite: 'TLS_AES_128_GCM_SHA256',
        clientProvidedHostHeader: `${name.toLowerCase()}.eu-central-1.amazonaws.com`,
      },
    })}`
  }
  yield ']}'
}

const generators = { 'vpc-flow': vpcFlow, cloudfront: cloudFront, cloudtrail: cloudTrail }

/** Makes the file unless it is there. */
export async function makeFile(path, format, records) {
  if (existsSync(path)) return
  mkdirSync(dirname(path), { recursive: true })
  const gzip = createGzip()
  const file = gzip.pipe(createWriteStream(`${path}.part`))
  let text = ''
  for (const piece of generators[format](records)) {
    text += piece
    if (text.length < 1 << 18) continue
    if (!gzip.write(text)) await once(gzip, 'drain')
    text = ''
  }
  gzip.end(text)
  await once(file, 'close')
  renameSync(`${path}.part`, path)
}
