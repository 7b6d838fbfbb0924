import type { Schema } from '../../schema/schema.ts'

/** What the parser needs of a format and of its delimited encoding. */
export interface CompiledTable {
  readonly schema: Schema
  readonly delimiter: string
  readonly quotes: boolean
  /** The fields that stand in quotes, and no others, where the format says so. */
  readonly quoted?: ReadonlySet<string> | undefined
  readonly escapes?: boolean
  readonly brackets: boolean
  readonly absent: string
  readonly header: (line: string) => readonly string[] | 'skip' | undefined
  readonly headerless: Headerless | undefined
  readonly keys: RegExp | undefined
}

export interface Headerless {
  readonly fields: readonly string[]
  readonly least?: number
  readonly fits: (record: Values) => boolean
}

/** A record: each field's value by its name. */
export type Values = Readonly<Record<string, unknown>>
