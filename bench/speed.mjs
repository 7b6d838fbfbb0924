// CPU of every way of reading, and of delivering to a sink that answers at once.
import { statSync } from 'node:fs'
import { input } from './inputs/make.mjs'
import { gzipCommand, inPlainJavaScript, interleaved, nodeOf, runScript, startNullSink } from './lib/measure.mjs'
import { provenance } from './lib/page.mjs'
import { createTables } from './lib/tables.mjs'

const inputs = {
  'vpc-flow': { format: 'vpc-flow', records: 1_000_000 },
  'vpc-flow, 29 fields': { format: 'vpc-flow-29', records: 500_000 },
  'vpc-flow, a quarter': { format: 'vpc-flow', records: 250_000 },
  'json lines': { format: 'json-lines', records: 500_000 },
  'vpc-flow-envelopes': { format: 'vpc-flow-envelopes', records: 250_000 },
  'cloudtrail-envelopes': { format: 'cloudtrail-envelopes', records: 100_000 },
  cloudfront: { format: 'cloudfront', records: 300_000 },
  alb: { format: 'alb', records: 300_000 },
  's3-access': { format: 's3-access', records: 300_000 },
  waf: { format: 'waf', records: 100_000 },
  'route53-resolver': { format: 'route53-resolver', records: 300_000 },
  cloudtrail: { format: 'cloudtrail', records: 100_000 },
  'cloudtrail, unknown': { format: 'cloudtrail-unknown', records: 100_000 },
  'cloudtrail, 550 MB': { format: 'cloudtrail', records: 300_000 },
}

const of = (input, ...ways) => ways.map((way) => ({ input, way, name: `${input}: ${way}` }))
const read = {
  'Flow logs': [
    ...of('vpc-flow', 'gzip -dc', 'gunzip', 'plain loop', 'flowferry', 'flowferry in plain JavaScript'),
    ...of('vpc-flow', 'flowferry on Node 24', 'flowferry in plain JavaScript on Node 24'),
    ...of(
      'vpc-flow',
      'filter',
      'filter that keeps nothing',
      'enrich',
      'enrich in two objects',
      'late-bound',
      'late-bound by address',
      'community id',
      'eventOriginal',
      "indexPer: 'day'",
      'gzip: true',
      'gzip: 6',
      'lines()',
    ),
    ...of('vpc-flow, a quarter', 'flowferry', 'small objects'),
    ...of('vpc-flow, 29 fields', 'gzip -dc', 'gunzip', 'flowferry'),
  ],
  'CloudFront and CloudTrail': [
    ...of('cloudfront', 'gzip -dc', 'gunzip', 'plain loop', 'flowferry'),
    ...of('cloudtrail', 'gzip -dc', 'gunzip', 'plain loop', 'flowferry', 'filter', 'related.entity'),
    { input: 'cloudtrail, unknown', way: 'flowferry', name: 'cloudtrail: with an unknown field' },
    ...of('cloudtrail, 550 MB', 'flowferry'),
  ],
  'Load balancers and S3': ['alb', 's3-access'].flatMap((input) =>
    of(input, 'gzip -dc', 'gunzip', 'plain loop', 'flowferry'),
  ),
  'WAF and Resolver': ['waf', 'route53-resolver'].flatMap((input) =>
    of(input, 'gzip -dc', 'gunzip', 'JSON.parse', 'flowferry'),
  ),
  Envelopes: ['vpc-flow-envelopes', 'cloudtrail-envelopes'].flatMap((input) =>
    of(input, 'gzip -dc', 'gunzip', 'JSON.parse', 'plain loop', 'flowferry'),
  ),
  'JSON lines': of('json lines', 'gzip -dc', 'gunzip', 'plain loop', 'flowferry'),
}
/** What is sent, and by which client. */
const sent = ['elasticsearch', 'opensearch'].flatMap((engine) => [
  ...of('vpc-flow', `sent, ${engine}`),
  ...of('vpc-flow, a quarter', `ready, ${engine}`, `helper, ${engine}`),
])

/** @param only Records of each input, for a quick look; default: what the table needs. */
export async function speed(runs, command, only) {
  const files = {}
  const count = (name) => only ?? inputs[name].records
  for (const [name, { format }] of Object.entries(inputs)) files[name] = await input(format, count(name))
  const sink = await startNullSink()
  const node24 = await nodeOf(24)

  const measure = async ({ name, input, way }) => {
    if (way === 'gzip -dc') return gzipCommand(files[input])
    const [plainWay] = way.split(/ in plain | on Node /)
    const args = [plainWay, inputs[input].format, files[input], sink.url]
    const flags = way.includes(' in plain ') ? inPlainJavaScript : []
    const result = await runScript('rows/row.mjs', args, flags, way.endsWith(' on Node 24') ? node24 : process.execPath)
    if (way !== 'gunzip' && result.records !== count(input)) throw new Error(`${name}: ${result.records} records`)
    if (!way.includes(', ')) return result
    const { documents, bytes } = await sink.stats()
    if (documents !== result.records) throw new Error(`${name}: ${documents} documents came`)
    return { ...result, bytes }
  }
  const rows = [...Object.values(read).flat(), ...sent]
  try {
    const results = await interleaved(
      rows.map((row) => ({ name: row.name, measure: () => measure(row) })),
      runs,
    )
    const size = (name) => ({ records: count(name), megabytes: statSync(files[name]).size / 1e6 })
    return pageOf(createTables(results, size), command)
  } finally {
    sink.close()
  }
}

function pageOf({ ratio, recordBytes, rowsTable }, command) {
  const flow = 'vpc-flow: flowferry'
  const others = ['gzip -dc', 'gunzip', 'plain loop', 'JSON.parse'].map((way) => [
    `to ${way}`,
    ({ input }) => `${input.split(',')[0] === 'cloudtrail' ? 'cloudtrail' : input}: ${way}`,
  ])
  /** What stands among the rows. */
  const othersOf = (rows) =>
    others.filter(([, other]) => rows.some((row) => rows.some(({ name }) => name === other(row))))
  const toSender = [
    ['to flowferry without HTTP', () => flow],
    ["to the client's helper", ({ way }) => `vpc-flow, a quarter: helper, ${way.split(', ')[1]}`],
  ]
  const texts = {
    'Flow logs': `${provenance(command)} A row is \`node bench/rows/row.mjs WAY INPUT FILE\`, in plain JavaScript with \`${inPlainJavaScript.join(' ')}\`, on Node 24 through npm's \`node\` package. What comes out is counted and dropped: no HTTP. \`gunzip\` inflates in Node and does nothing else. \`plain loop\` is what somebody writes in an hour (readline, split, object, JSON.stringify): the same documents, byte for byte. \`lines()\` is a user's own parser, with the plain loop's functions. \`late-bound\` are two enrichments of \`vpcFlow.with(…)\`: an account's name, which joins the object \`cloud.account\`, and a team by interface; \`late-bound by address\` is one of two targets by source address, of which the file has many; \`community id\` is \`vpcFlow.with(communityId)\`. \`gzip\` and \`indexPer\` are the sinks' options of that name. \`small objects\` reads 100 records an object; it makes them in its own process first, which its peak includes. 112 B a line with 14 fields, 245 B with 29.`,
    'CloudFront and CloudTrail': `${provenance(command)} As above; the plain loop gives CloudFront's documents in full and CloudTrail's main fields, with the whole file in memory. \`filter\` looks at two fields, and leaves out the events of one name that only read; \`with an unknown field\` is a file of events that each have a field which the format's table does not know; \`related.entity\` is \`cloudTrail.with(relatedEntity)\`. 457 B a CloudFront line, 1,834 B a CloudTrail event.`,
    'Load balancers and S3': `${provenance(command)} Lines with quotes: access logs of an Application Load Balancer with 34 fields, 712 B a line, and of S3 with 27, 561 B. The plain loop gives the documents in full. Their goal is a ratio of CPU for an inflated byte.`,
    'WAF and Resolver': `${provenance(command)} JSON lines: a WAF log of 11 headers and 3 rule groups, and Resolver's query log of names that come again and addresses that change. \`JSON.parse\` is readline and that alone, without a document. Their goal is a ratio of CPU for an inflated byte to CloudTrail's.`,
    Envelopes: `${provenance(command)} What a subscription filter of CloudWatch Logs sends, an envelope a line: flow logs of 400 log streams, some 100 events an envelope, and CloudTrail of 4, some 20. \`JSON.parse\` is that of the envelopes alone. \`plain loop\` parses each, and gives each message's document, flow logs' in full but for an account that lacks, CloudTrail's main fields. Their goal is a ratio to the same records without an envelope.`,
    'JSON lines': `${provenance(command)} An application's own log, an object of some 300 B a line, as \`bench/rows/app.mjs\` declares it. The plain loop is readline, JSON.parse, an object, JSON.stringify: the same documents.`,
  }
  const deliveredText = `${provenance(command)} Flow logs over plain HTTP to a sink that answers at once (\`bench/lib/null-sink.mjs\`), a process of its own: the sender's CPU counts. \`sent\` is the whole way from the file; \`ready\` sends bodies that are in memory already through the same client, what no sender goes below; \`helper\` is the client's own \`helpers.bulk\` with the plain loop's objects.`
  /** CPU for an inflated byte, to another input's. */
  const byteRatio = (input, other) =>
    (ratio(`${input}: flowferry`, `${other}: flowferry`) * recordBytes(`${other}: gunzip`)) /
    recordBytes(`${input}: gunzip`)
  return {
    results: {
      'vpc-flow': ratio(flow, 'vpc-flow: gunzip'),
      fallback: ratio(`${flow} in plain JavaScript`, flow),
      'fallback, Node 24': ratio(`${flow} in plain JavaScript on Node 24`, `${flow} on Node 24`),
      plain: ratio('vpc-flow: plain loop', flow),
      sent: ratio('vpc-flow: sent, elasticsearch', flow),
      cloudfront: ratio('cloudfront: flowferry', 'cloudfront: gunzip'),
      alb: byteRatio('alb', 'cloudfront'),
      's3-access': byteRatio('s3-access', 'cloudfront'),
      waf: byteRatio('waf', 'cloudtrail'),
      'route53-resolver': byteRatio('route53-resolver', 'cloudtrail'),
      'vpc-flow envelopes': ratio('vpc-flow-envelopes: flowferry', 'vpc-flow, a quarter: flowferry'),
      'cloudtrail envelopes': ratio('cloudtrail-envelopes: flowferry', 'cloudtrail: flowferry'),
      cloudtrail: ratio('cloudtrail, 550 MB: flowferry', 'cloudtrail: gunzip'),
      linear: ratio('cloudtrail, 550 MB: flowferry', 'cloudtrail: flowferry'),
      filter: ratio('vpc-flow: filter', flow),
      enrich: ratio('vpc-flow: enrich', flow),
      'late-bound': ratio('vpc-flow: late-bound', flow),
      'community id': ratio('vpc-flow: community id', flow),
      dropped: ratio('vpc-flow: filter that keeps nothing', flow),
      'cloudtrail filter': ratio('cloudtrail: filter', 'cloudtrail: flowferry'),
      'related.entity': ratio('cloudtrail: related.entity', 'cloudtrail: flowferry'),
      'json lines': ratio('json lines: plain loop', 'json lines: flowferry'),
      own: ratio('vpc-flow: lines()', 'vpc-flow: plain loop'),
    },
    sections: {
      ...Object.fromEntries(
        Object.entries(read).map(([title, rows]) => [title, `${texts[title]}\n\n${rowsTable(rows, othersOf(rows))}`]),
      ),
      Delivered: `${deliveredText}\n\n${rowsTable(sent, toSender)}`,
    },
  }
}
