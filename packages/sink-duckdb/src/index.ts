export { type DuckDBSink, duckdb, type QueryValue } from './duckdb.ts'
