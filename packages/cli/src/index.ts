export { type Config, defineConfig, type OwnFormats, type StoreConfig } from './config/config.ts'
