export type { AlertsConfig } from './config/alerts.ts'
export { type Config, defineConfig, type OwnFormats, type StoreConfig } from './config/config.ts'
