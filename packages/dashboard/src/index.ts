export { type DashboardOptions, type ServedDashboard, serveDashboard } from './server/serve.ts'
