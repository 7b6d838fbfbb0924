// What a Lambda loads before its first event: bytes, and CPU of the import and of that event.
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { input } from './inputs/make.mjs'
import { bundle, bundles } from './lib/bundles.mjs'
import { interleaved, least, middle, runScript } from './lib/measure.mjs'
import { figure, provenance, table } from './lib/page.mjs'

/** Stands for packages that are there already, or are not asked about: a class for each name of theirs. */
const absent = (pattern, members = '') => ({
  name: 'absent',
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: pattern }, ({ path }) => ({ path, namespace: 'absent' }))
    onLoad({ filter: /.*/, namespace: 'absent' }, async ({ path }) => {
      const names = Object.keys(await import(path)).filter((name) => name !== 'default')
      return { contents: names.map((name) => `export class ${name} {${members}}`).join('\n') }
    })
  },
})
const sdk = /^@aws-sdk\//
const sdkAndClients = /^(@aws-sdk|@elastic|@opensearch-project)\//

const example = bundles['lambda-elasticsearch']
const other = bundles['lambda-opensearch-client']
const builtins = "Node's own modules that it needs, alone"
const measured = {
  [builtins]: { entry: 'bench/rows/builtins.mjs' },
  'our own code': { ...example, plugins: [absent(sdkAndClients, 'transport = { request() {} }')], size: true },
  'our own code and the Elasticsearch client': { entry: example.entry, plugins: [absent(sdk)], size: true },
  'our own code and the OpenSearch client': { entry: other.entry, plugins: [absent(sdk)], size: true },
}

const answered = 'send() { return standIn.send() } get transport() { return standIn }'
const firstEvent = { ...example, plugins: [absent(sdkAndClients, answered)], external: [] }
/** So many records has the object that the first event names. */
const records = 100
const formats = { 'flow logs': 'vpc-flow', CloudTrail: 'cloudtrail', CloudFront: 'cloudfront' }

export async function coldStart(runs, command) {
  const built = new Map()
  for (const [name, options] of Object.entries(measured))
    built.set(name, await bundle(`import-${built.size}`, { ...options, external: [] }))
  const measurements = [...built].map(([name, { outfile }]) => ({
    name: `import: ${name}`,
    measure: () => runScript('rows/import.mjs', [outfile]),
  }))
  const { outfile } = await bundle('first-event', firstEvent)
  for (const [name, format] of Object.entries(formats)) {
    const file = await input(format, records)
    measurements.push({ name: `event: ${name}`, measure: () => runScript('rows/first-event.mjs', [outfile, file]) })
  }
  const results = await interleaved(measurements, runs * 5)
  const of = (name) => results.get(`import: ${name}`).map(({ cpu }) => cpu)
  const rows = [...built].map(([name, { outfile, bytes }]) => [
    name,
    `${figure(least(of(name)))} (${figure(middle(of(name)))})`,
    measured[name].size ? (bytes / 1000).toFixed(0) : '',
    measured[name].size ? (gzipSync(readFileSync(outfile)).length / 1000).toFixed(0) : '',
  ])
  const events = Object.keys(formats).map((name) => {
    const ran = results.get(`event: ${name}`)
    const figures = ['imported', 'cpu'].map((member) => ran.map((one) => one[member]))
    return [name, ...figures.map((values) => `${figure(least(values))} (${figure(middle(values))})`)]
  })
  return {
    results: {
      size: built.get('our own code').bytes / 1000,
      import: least(of('our own code')) / least(of(builtins)),
      'import with client': least(of('our own code and the Elasticsearch client')) / least(of(builtins)),
    },
    sections: {
      'Cold start and size': `${provenance(command)} The example Lambda (\`examples/lambda\`, three formats) as one minified bundle; the AWS SDK is the runtime's, an empty stand-in here. CPU of \`import()\` in a new process, least of ${runs * 5} and, in brackets, the middle; \`node bench/rows/import.mjs FILE\`. Budgets of every package: \`npm run size\`.\n\n${table(['what is loaded', 'CPU ms', 'kB minified', 'kB gzip'], rows)}\n\nOur own code again, and its first event, of an object with ${records} records: from S3's answer to the bulk body that a stand-in for the search client takes; \`node bench/rows/first-event.mjs FILE INPUT\`. All threads count, and with them what V8 compiles of the wasm modules beside the work.\n\n${table(['first event', 'CPU ms, import', 'CPU ms, import and event'], events)}`,
    },
  }
}
