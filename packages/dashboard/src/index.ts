export type { DashboardOptions } from './server/options.ts'
export { type ServedDashboard, serveDashboard } from './server/serve.ts'
