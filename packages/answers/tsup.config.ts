import { defineConfig } from 'tsup'
import { shared } from '../../tsup.shared.ts'

export default defineConfig({
  ...shared,
  entry: [
    'src/index.ts',
    'src/alerts.ts',
    'src/duckdb.ts',
    'src/elasticsearch.ts',
    'src/opensearch.ts',
    'src/saved-objects.ts',
    'src/why.ts',
  ],
  dts: true,
})
