// What a user's bundler makes of the packages and of the example Lambda: node bundles.mjs writes them all to
// .cache/size, where size-limit looks at them (.size-limit.mjs).
import { readFileSync, rmSync } from 'node:fs'
import { formats } from '@flowferry/core/formats'
import { build } from 'esbuild'
import { here } from './measure.mjs'

export const folder = here('../.cache/size')
const sdk = ['@aws-sdk/*']
const clients = ['@elastic/elasticsearch', '@opensearch-project/opensearch']

/** What the example's template puts in front of its bundle: the search clients are CommonJS. */
const requireBanner = /^ +- js=(.*)$/m.exec(readFileSync(here('../examples/lambda/template.yaml'), 'utf8'))[1]

/** Bundle's name to its entry and what it leaves out; a package leaves out all that it imports from others. */
export const bundles = {
  core: { entry: 'packages/core/dist/index.js' },
  ...Object.fromEntries(
    Object.keys(formats).map((name) => [`core-${name}`, { entry: `packages/core/dist/formats/${name}.js` }]),
  ),
  'source-s3': { entry: 'packages/source-s3/dist/index.js' },
  'sink-elasticsearch': { entry: 'packages/sink-elasticsearch/dist/index.js' },
  'sink-opensearch': { entry: 'packages/sink-opensearch/dist/index.js' },
  'sink-duckdb': { entry: 'packages/sink-duckdb/dist/index.js' },
  answers: { entry: 'packages/answers/dist/index.js' },
  ...Object.fromEntries(
    ['alerts', 'duckdb', 'elasticsearch', 'opensearch', 'why'].map((name) => [
      `answers-${name}`,
      { entry: `packages/answers/dist/${name}.js` },
    ]),
  ),
  ...Object.fromEntries(
    ['cidr', 'geoip', 'interfaces', 'snapshot'].map((name) => [
      `enrich-${name}`,
      { entry: `packages/enrich/dist/${name}.js` },
    ]),
  ),
  parquet: { entry: 'packages/parquet/dist/index.js' },
  dashboard: { entry: 'packages/dashboard/dist/index.js' },
  cli: { entry: 'packages/cli/dist/cli.js' },
  'lambda-elasticsearch': { entry: 'examples/lambda/src/elasticsearch.ts', external: [...sdk, ...clients] },
  'lambda-elasticsearch-client': { entry: 'examples/lambda/src/elasticsearch.ts', external: sdk },
  'lambda-opensearch-client': { entry: 'examples/lambda/src/opensearch.ts', external: sdk },
}

/** The file that esbuild writes, and the bytes of each module in it. */
export async function bundle(name, { entry, external, plugins = [] }) {
  const outfile = `${folder}/${name}.mjs`
  const { metafile } = await build({
    entryPoints: [here(`../${entry}`)],
    outfile,
    bundle: true,
    minify: true,
    metafile: true,
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    logLevel: 'error',
    // Without it the repository's own `paths` would lead to the sources instead of what is published.
    tsconfigRaw: {},
    plugins,
    banner: { js: requireBanner },
    ...(external ? { external } : { packages: 'external' }),
  })
  const { bytes, inputs } = Object.entries(metafile.outputs).find(([path]) => path.endsWith(`${name}.mjs`))[1]
  const modules = Object.entries(inputs).map(([path, { bytesInOutput }]) => ({ path, bytes: bytesInOutput }))
  return { outfile, bytes, modules: modules.sort((a, b) => b.bytes - a.bytes) }
}

if (process.argv[1] === here('lib/bundles.mjs')) {
  rmSync(folder, { recursive: true, force: true })
  for (const [name, options] of Object.entries(bundles)) {
    const { modules } = await bundle(name, options)
    if (!process.argv.includes(name)) continue
    for (const { path, bytes } of modules.slice(0, 40)) console.log(String(bytes).padStart(8), path)
  }
}
