// S3 server access logs with 27 fields.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html
import { random, start } from './random.mjs'

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const agents = [
  ...Array.from({ length: 12 }, (_, i) => `aws-sdk-java/2.${20 + i}.0 Linux/6.1 OpenJDK_64-Bit_Server_VM/21.0.${i}`),
  ...Array.from(
    { length: 12 },
    (_, i) => `aws-cli/2.${10 + i}.0 md/awscrt#0.2${i} ua/2.0 os/linux#6.1.0 md/arch#x86_64`,
  ),
  'S3Console/0.4, aws-internal/3',
  'Boto3/1.34.0 md/Botocore#1.34.0 ua/2.0',
]
const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const capitals = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'

export function* s3Access(records) {
  const { share, next, between, pick, text, hex, exponential } = random(41)
  const owner = hex(64)
  const host = 'shop-media.s3.eu-central-1.amazonaws.com'
  const clients = Array.from({ length: 5000 }, () => `10.${next(4)}.${next(256)}.${between(1, 255)}`)
  const requesters = Array.from(
    { length: 300 },
    () => `arn:aws:sts::123456789012:assumed-role/${pick(['orders', 'media', 'reports'])}/i-0${hex(16)}`,
  )
  for (let i = 0; i < records; i++) {
    const when = new Date((start + Math.floor((i * 3600) / records)) * 1000).toISOString()
    const put = share() < 0.3
    const failed = share() < 0.02
    const key = `${pick(['img', 'doc', 'data/2026/11'])}/${hex(12)}${share() < 0.05 ? '%2520x' : ''}.${pick(['jpg', 'json', 'parquet'])}`
    const taken = Math.ceil(exponential(1 / 40))
    const size = between(100, 5_000_000)
    yield `${[
      owner,
      'shop-media',
      `[${when.slice(8, 10)}/${months[Number(when.slice(5, 7)) - 1]}/${when.slice(0, 4)}:${when.slice(11, 19)} +0000]`,
      pick(clients),
      pick(requesters),
      text(capitals, 16),
      put ? 'REST.PUT.OBJECT' : 'REST.GET.OBJECT',
      key,
      `"${put ? 'PUT' : 'GET'} /${key.replace('%25', '%')} HTTP/1.1"`,
      failed ? 403 : 200,
      failed ? 'AccessDenied' : '-',
      put ? '-' : failed ? 243 : size,
      failed ? '-' : size,
      taken,
      failed ? '-' : Math.ceil(taken / 2),
      '"-"',
      `"${pick(agents)}"`,
      '-',
      `${text(letters, 75)}=`,
      'SigV4',
      'TLS_AES_128_GCM_SHA256',
      'AuthHeader',
      host,
      'TLSv1.3',
      '-',
      '-',
      'eu-central-1',
    ].join(' ')}\n`
  }
}
