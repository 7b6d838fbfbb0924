import { defineConfig } from '@flowferry/cli'
import { byKey } from '@flowferry/core'
import { cidr } from '@flowferry/enrich/cidr'
import { nginx } from './src/nginx.ts'
import { proxy } from './src/proxy.ts'
import { teams } from './src/teams.ts'

const accounts = new Map([['123456789012', { name: 'production', team: 'payments' }]])

export default defineConfig({
  // nginx is not known by its content, but by the file's name.
  formats: { nginx: byKey([[/access\.log/, nginx]]), proxy },
  enrichments: [teams(accounts), cidr(new URL('networks.csv', import.meta.url))],
  store: { to: 'duckdb:logs.db' },
  // Interfaces without traffic need no document.
  filter: (record) => record.kind !== 'vpcflow' || record['log-status'] !== 'NODATA',
})
