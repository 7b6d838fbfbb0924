// What an index costs the store, by its mapping, settings and documents: bench/lib/index-variants.mjs.
import { isDeepStrictEqual } from 'node:util'
import { cloudFront } from '@flowferry/core/formats/cloudfront'
import { cloudTrail } from '@flowferry/core/formats/cloudtrail'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { input } from './inputs/make.mjs'
import { createIndexCost } from './lib/index-cost.mjs'
import { assertSameDocuments, createDocuments } from './lib/index-documents.mjs'
import { templateOf, variants } from './lib/index-variants.mjs'
import { least, middle, most } from './lib/measure.mjs'
import { figure, provenance, table } from './lib/page.mjs'
import { startServers } from './lib/servers.mjs'

const formats = [
  { name: 'vpc-flow', title: 'Flow logs', parser: vpcFlow, records: 200_000 },
  { name: 'cloudtrail', title: 'CloudTrail', parser: cloudTrail, records: 20_000 },
  { name: 'cloudfront', title: 'CloudFront', parser: cloudFront, records: 100_000 },
]
const titles = { elasticsearch: 'Elasticsearch', opensearch: 'OpenSearch' }
const namespace = `bench${process.pid}`

/** @param only Records of each format, for a quick look. */
export async function index(rounds, command, only) {
  const { urls, stop } = await startServers({ ELASTICSEARCH: 19310, OPENSEARCH: 19311 })
  try {
    const results = {}
    const tables = []
    for (const { name, title, parser, records } of formats) {
      const documentsOf = createDocuments(await input(name, only ?? records), parser, namespace)
      for (const [number, engine] of Object.keys(titles).entries()) {
        const rows = await measured({ engine, node: urls[number], name, parser, documentsOf }, rounds)
        tables.push(`### ${title}, ${titles[engine]}\n\n${tableOf(rows)}`)
        const installed = rows.find(({ variant }) => variant.name === 'default')
        for (const [what, ratio] of Object.entries(ratiosOf(installed, rows[0])))
          results[`index, ${name}, ${engine}, ${what}`] = ratio
      }
    }
    const legend = table(
      ['variant', 'what it is'],
      variants.map(({ name, what }) => [name, what]),
    )
    const counts = formats.map(({ title, records }) => `${only ?? records} of ${title}`).join(', ')
    const text = `${provenance(command)} ${counts}: bulk bodies from memory, three requests at once, into a new data stream of one shard without copies, on servers of this repository (\`scripts/servers\`) that share the cores with the bench. CPU is that of the server's process until it has merged what it merges by itself; documents a second until the last one is found; disk is that of one segment after a forced merge. Ratios are to \`yesterday\` in the same round, the middle of the rounds.`
    return { results, sections: { 'What an index costs': [text, legend, ...tables].join('\n\n') } }
  } finally {
    await stop()
  }
}

/** The variants of one engine and format, with what each round gave; `yesterday` is the first. */
async function measured({ engine, node, name, parser, documentsOf }, rounds) {
  const [{ dataset }] = parser.formats
  const cost = await createIndexCost(engine, node, `logs-${dataset}-${namespace}`)
  const run = async ({ variant, template, documents }) => {
    await cost.install(template, variant.pipeline)
    const result = await cost.measure(documents, variant.pipeline !== undefined)
    if (variant.pipeline) await assertSameDocuments(cost, await documentsOf({ documents: 'full' }))
    await cost.removeStream()
    return result
  }
  /** Where a variant is what another one is already, or the server lacks something, it is not measured. */
  const addRow = async (rows, variant) => {
    const template = templateOf(variant, parser, engine)
    const documents = await documentsOf(variant)
    const twin = rows.find((row) => row.documents === documents && isDeepStrictEqual(row.template, template))
    const row = { variant, name: variant.name, template, documents, twin, all: [] }
    rows.push(row)
    if (twin || !variant.needs) return
    await cost.install(template, variant.pipeline).catch((error) => {
      if (error.status !== 400) throw error
      row.lacking = variant.needs
    })
  }
  try {
    const rows = []
    for (const variant of variants)
      if ((variant.engine ?? engine) === engine && (variant.format ?? name) === name) await addRow(rows, variant)
    const measurable = rows.filter(({ twin, lacking }) => !twin && !lacking)
    // A cold JVM takes two to four times as long for a document.
    await run(rows[0])
    for (let round = 1; round <= rounds; round++)
      // In both directions, as what one leaves behind slows the next.
      for (const row of round % 2 === 1 ? measurable : [...measurable].reverse()) {
        const result = await run(row)
        row.all.push(result)
        const { cpu, rate, disk } = costOf(row, result)
        process.stderr.write(
          `round ${round} of ${rounds}: ${engine}, ${name}, ${row.name}: ${figure(cpu)} CPU s per million, ${rate.toFixed(0)} documents/s, ${figure(disk)} B\n`,
        )
      }
    return rows
  } finally {
    await cost.close()
  }
}

/** CPU seconds per million documents, documents a second, bytes on disk a document. */
const costOf = ({ documents: { count } }, { cpu, seconds, disk }) => ({
  cpu: (cpu / count) * 1e6,
  rate: count / seconds,
  disk: disk / count,
})

/** What a variant costs against `yesterday`: the middle of the rounds. */
function ratiosOf(row, yesterday) {
  const { all } = row.twin ?? row
  const ratio = (of) => middle(all.map((one, round) => of(one) / of(yesterday.all[round])))
  return { cpu: ratio(({ cpu }) => cpu), rate: ratio(({ seconds }) => 1 / seconds), disk: ratio(({ disk }) => disk) }
}

function tableOf(rows) {
  const head = [
    'variant',
    'server, CPU s per million',
    'to yesterday',
    'seconds',
    'documents/s',
    'to yesterday',
    'B a document sent',
    'B a document on disk',
    'to yesterday',
  ]
  const lines = rows.map((row) => {
    const { name, lacking, twin, documents, all } = row
    const note = lacking ? `this server lacks ${lacking}` : twin && `as ${twin.name}`
    if (note) return [name, note, ...Array(head.length - 2).fill('')]
    const costs = all.map((result) => costOf(row, result))
    const cpu = costs.map(({ cpu }) => cpu)
    const seconds = middle(all.map(({ seconds }) => seconds))
    const to = ratiosOf(row, rows[0])
    const ratio = (value) => (row === rows[0] ? '' : figure(value))
    return [
      name,
      `${figure(least(cpu))} (${figure(most(cpu))})`,
      ratio(to.cpu),
      figure(seconds),
      (documents.count / seconds).toFixed(0),
      ratio(to.rate),
      documents.bytes.toFixed(0),
      middle(costs.map(({ disk }) => disk)).toFixed(0),
      ratio(to.disk),
    ]
  })
  return table(head, lines)
}
