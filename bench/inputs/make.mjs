// Makes log files like AWS's, once: the same bytes on every machine with the same zlib.
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createWriteStream, existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { createGzip } from 'node:zlib'
import { alb } from './alb.mjs'
import { cloudFront } from './cloudfront.mjs'
import { cloudTrail, cloudTrailRecords } from './cloudtrail.mjs'
import { cloudTrailEnvelopes, vpcFlowEnvelopes } from './envelopes.mjs'
import { flowDayLines } from './flow-day.mjs'
import { jsonLines } from './json-lines.mjs'
import { route53Resolver } from './route53-resolver.mjs'
import { s3Access } from './s3-access.mjs'
import { vpcFlow, vpcFlow29 } from './vpc-flow.mjs'
import { waf } from './waf.mjs'

const generators = {
  'vpc-flow': vpcFlow,
  'vpc-flow-29': vpcFlow29,
  /** So many of one day, and what comes with it. */
  'flow-day': flowDayLines,
  cloudfront: cloudFront,
  alb,
  's3-access': s3Access,
  waf,
  'route53-resolver': route53Resolver,
  cloudtrail: (records) => cloudTrail(records),
  /** With a field that AWS has not added yet. */
  'cloudtrail-unknown': (records) => cloudTrail(records, { newField: 'of 2027' }),
  /** In envelopes of CloudWatch Logs. */
  'vpc-flow-envelopes': vpcFlowEnvelopes,
  'cloudtrail-envelopes': cloudTrailEnvelopes,
  /** An application's own. */
  'json-lines': jsonLines,
  /** Elements alone, with a comma behind each. */
  'cloudtrail-records': cloudTrailRecords,
  /** Lines alone, without the header. */
  'vpc-flow-lines': function* (records) {
    const lines = vpcFlow(records)
    lines.next()
    yield* lines
  },
}

const folder = fileURLToPath(new URL('../../.cache/bench/', import.meta.url))
const sources = readdirSync(new URL('.', import.meta.url)).sort()
const version = createHash('sha256')
for (const name of sources) version.update(readFileSync(new URL(name, import.meta.url)))
const generator = version.digest('hex').slice(0, 8)

/** The file of so many records of a format; written unless these generators wrote it before. */
export async function input(format, records) {
  const path = `${folder}${format}-${records}-${generator}.gz`
  if (existsSync(path)) return path
  process.stderr.write(`makes ${path}\n`)
  mkdirSync(folder, { recursive: true })
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
  return path
}
