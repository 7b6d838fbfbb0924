import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as zlib from 'node:zlib'
import { DuckDBInstance } from '@duckdb/node-api'
import { type FormatParser, parseContext } from '@flowferry/core'
import { memoryObject } from '@flowferry/core/testing'
import { ByteWriter, type ColumnSource, parquetWrite } from 'hyparquet-writer'
import { valuesOf } from '../../core/src/encodings/delimited/values.ts'

/** Parquet files for tests, by two writers that know nothing of each other. */

/** A log file's columns: names as Parquet has them, texts as the log has them, null for none. */
export interface LogTable {
  readonly names: readonly string[]
  readonly rows: readonly (readonly (string | null)[])[]
}

/** AWS's name of a field as its Parquet files have it: `account_id`, `cs_user_agent`. */
const columnName = (name: string): string => name.replace(/[^A-Za-z\d]+/g, '_').replace(/^_|_$/g, '')

const headerOf = (text: string) => /^#Fields: (.*)$/m.exec(text)?.[1]?.split(/[ \t,;|]/)

/** The records of a text file as a table: those that the format's own encoding reads. */
export async function tableOf(
  parser: FormatParser<unknown>,
  text: string,
  layout?: readonly string[],
): Promise<LogTable> {
  if (text.startsWith('{')) return jsonTable(parser, text)
  const lines: string[] = []
  for await (const batch of parser.parse(memoryObject({ key: 'a.log', body: text }), parseContext({ originals: true })))
    for (let index = 0; index < batch.length; index++) lines.push(batch.original!(index))
  const names = headerOf(text) ?? layout ?? text.slice(0, text.indexOf('\n')).split(' ')
  const wrapped = { quotes: !/\bnet\//.test(text), brackets: / \[\d\d\/[A-Z]/.test(text) }
  const split = (line: string, delimiter: string) => valuesOf(line, { ...wrapped, delimiter })
  const delimiter = ['\t', ';', '|', ','].find((one) => split(lines[0]!, one).length === names.length) ?? ' '
  const rows = lines.map((line) => split(line, delimiter))
  const width = Math.max(names.length, ...rows.map(({ length }) => length))
  const all = Array.from({ length: width }, (_, i) => names[i] ?? `field_${i + 1}`)
  return {
    names: all.map(columnName),
    rows: rows.map((row) =>
      all.map((_, i) => (row[i] === undefined || row[i] === '-' || row[i] === '' ? null : row[i]!)),
    ),
  }
}

/** Lines of JSON as a table of texts, of the members that the format knows. */
function jsonTable({ schema }: FormatParser<unknown>, text: string): LogTable {
  const records = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  const known = records.map((record) =>
    Object.fromEntries(Object.entries(record).map(([name, value]) => [schema.nameOf(name) ?? '', value])),
  )
  const names = [...new Set(known.flatMap((record) => Object.keys(record)))].filter((name) => name !== '')
  return { names: names.map(columnName), rows: known.map((record) => names.map((name) => textOf(record[name]))) }
}

const textOf = (value: unknown) =>
  value === undefined || value === null ? null : typeof value === 'object' ? JSON.stringify(value) : String(value)

/** A column of a table by its name. */
const columnAt = ({ rows }: LogTable, index: number) => rows.map((row) => row[index] ?? null)

export type WriteOptions = Omit<Parameters<typeof parquetWrite>[0], 'writer' | 'columnData'>

const compressors = {
  GZIP: (bytes: Uint8Array) => zlib.gzipSync(bytes),
  BROTLI: (bytes: Uint8Array) => zlib.brotliCompressSync(bytes),
  ZSTD: (bytes: Uint8Array) =>
    (zlib as unknown as { zstdCompressSync: (bytes: Uint8Array) => Uint8Array }).zstdCompressSync(bytes),
}

export function write(columnData: ColumnSource[], options: WriteOptions = {}): Buffer {
  const writer = new ByteWriter()
  parquetWrite({ writer, columnData, compressors, ...options })
  return Buffer.from(writer.getBuffer())
}

/** Columns of the types that AWS's VPC guide states: INT32, INT64 and text. */
export const vpcTypes: Readonly<Record<string, 'INT32' | 'INT64'>> = {
  ...Object.fromEntries(
    ['version', 'srcport', 'dstport', 'protocol', 'tcp_flags', 'traffic_path', 'encryption_status'].map((name) => [
      name,
      'INT32',
    ]),
  ),
  ...Object.fromEntries(['packets', 'bytes', 'start', 'end'].map((name) => [name, 'INT64'])),
}

/** Writes a table, its columns of these types or text. */
export function writeTable(
  table: LogTable,
  types: Readonly<Record<string, 'INT32' | 'INT64' | 'DOUBLE'>> = {},
  { encoding, ...options }: WriteOptions & { readonly encoding?: ColumnSource['encoding'] } = {},
): Buffer {
  const columns = table.names.map((name, index): ColumnSource => {
    const type = types[name] ?? 'STRING'
    const data = columnAt(table, index).map((text) =>
      text === null ? null : type === 'STRING' ? text : type === 'INT64' ? BigInt(text) : Number(text),
    )
    return { name, data, type, nullable: true, ...(encoding && { encoding }) }
  })
  return write(columns, options)
}

/** The same by DuckDB: `options` are those of `COPY … TO`, behind FORMAT parquet. */
export async function duckdbTable(
  table: LogTable,
  types: Readonly<Record<string, string>> = {},
  options = '',
): Promise<Buffer> {
  const columns = table.names.map(
    (name) => `"${name}" ${{ INT32: 'INTEGER', INT64: 'BIGINT' }[types[name]!] ?? types[name] ?? 'VARCHAR'}`,
  )
  const quote = (text: string | null) => (text === null ? 'NULL' : `'${text.replaceAll("'", "''")}'`)
  const rows = table.rows.map((row) => `(${row.map(quote).join(', ')})`)
  return duckdbFile([`CREATE TABLE t (${columns.join(', ')})`, `INSERT INTO t VALUES ${rows.join(', ')}`], 't', options)
}

export async function duckdbFile(statements: readonly string[], from: string, options = ''): Promise<Buffer> {
  const folder = mkdtempSync(join(tmpdir(), 'flowferry-parquet-'))
  const instance = await DuckDBInstance.create(':memory:')
  try {
    const connection = await instance.connect()
    for (const statement of statements) await connection.run(statement)
    const file = join(folder, 'a.parquet')
    await connection.run(`COPY ${from} TO '${file}' (FORMAT parquet${options && `, ${options}`})`)
    connection.closeSync()
    return readFileSync(file)
  } finally {
    instance.closeSync()
    rmSync(folder, { recursive: true })
  }
}
