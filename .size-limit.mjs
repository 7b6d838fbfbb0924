// What a user's bundler may make of each package: bench/lib/bundles.mjs writes the bundles, `npm run size` does both.
import { formats } from '@flowferry/core/formats'

const row = (name, bundle, limit) => ({ name, path: `.cache/size/${bundle}.mjs`, limit, brotli: false })

export default [
  row('@flowferry/core', 'core', '252 kB'),
  // One budget for every format: its table is small beside the engines that read it, and CloudFront's has two.
  ...Object.keys(formats).map((name) => row(`@flowferry/core/formats/${name}`, `core-${name}`, '206 kB')),
  row('@flowferry/source-s3', 'source-s3', '83 kB'),
  row('@flowferry/sink-elasticsearch', 'sink-elasticsearch', '1.5 kB'),
  row('@flowferry/sink-opensearch', 'sink-opensearch', '1.5 kB'),
  row('@flowferry/sink-duckdb', 'sink-duckdb', '24 kB'),
  row('@flowferry/answers', 'answers', '40 kB'),
  row('@flowferry/answers/duckdb', 'answers-duckdb', '23 kB'),
  row('@flowferry/answers/elasticsearch', 'answers-elasticsearch', '23 kB'),
  row('@flowferry/answers/opensearch', 'answers-opensearch', '23 kB'),
  // The tables of three formats are in it, by which it asks any store.
  row('@flowferry/answers/why', 'answers-why', '90 kB'),
  row('@flowferry/answers/alerts', 'answers-alerts', '72 kB'),
  row('@flowferry/dashboard', 'dashboard', '30 kB'),
  // All that a browser loads.
  {
    name: '@flowferry/dashboard, the page',
    path: ['index.html', 'page.js', 'page.css'].map((name) => `packages/dashboard/dist/page/${name}`),
    limit: '34 kB',
    brotli: false,
    gzip: true,
  },
  row('@flowferry/parquet', 'parquet', '26 kB'),
  row('@flowferry/enrich/cidr', 'enrich-cidr', '4 kB'),
  row('@flowferry/enrich/geoip', 'enrich-geoip', '4 kB'),
  row('@flowferry/enrich/interfaces', 'enrich-interfaces', '5 kB'),
  row('@flowferry/enrich/snapshot', 'enrich-snapshot', '4 kB'),
  row('@flowferry/cli', 'cli', '216 kB'),
  row('examples/lambda, our own code', 'lambda-elasticsearch', '316 kB'),
  row('examples/lambda with the Elasticsearch client', 'lambda-elasticsearch-client', '1560 kB'),
  row('examples/lambda with the OpenSearch client', 'lambda-opensearch-client', '608 kB'),
]
