export { type DuckDBOptions, type DuckDBSink, duckdb, type QueryValue } from './duckdb.ts'
