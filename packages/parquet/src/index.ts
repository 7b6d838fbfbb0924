export { type ParquetOptions, parquet } from './parquet.ts'
