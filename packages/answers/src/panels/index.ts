import { audit } from './audit.ts'
import { cdn } from './cdn.ts'
import { network } from './network.ts'
import type { Dashboard } from './panel.ts'

/**
 * What is looked at every day: the dashboard's own pages, and those of Kibana and OpenSearch Dashboards. A new panel is an
 * entry in the file of its dashboard.
 *
 * @example
 * const [network] = dashboards
 * for (const panel of network.panels) console.log(panel.title, (await askDaily(store, panel, { from, to })).rows)
 */
export const dashboards: readonly Dashboard[] = [network, audit, cdn]
