import type { ObjectHead } from '../../types.ts'
import type { Refusal } from './refusals.ts'

export interface JsonOptions {
  /**
   * Where a file's records are: `each` value at the top (JSON lines, values one behind the other, or the elements of a bare
   * array), or the elements of an array in the object at the top, `{ in: 'Records' }`, `{ in: ['Records', 'Events'] }` where
   * it may have either name; where there is none, each value.
   *
   * @default 'each'
   */
  readonly records?: 'each' | { readonly in: string | readonly string[] }
  /**
   * Fields that are a record's own id: the first one whose value is 1 to 128 visible ASCII characters. A record without
   * one has its position as its id. The account directory of the object's key stands before it, or without one the bucket,
   * so that no writer elsewhere can take the id.
   *
   * @default object and position make the id
   */
  readonly id?: readonly string[]
  /**
   * Members that may hold the record, as an object or as the text of one, where a tool wrote other members about it around
   * it. `joined`: both are read as one, and what the record has itself goes before. `alone`: what stands around it says the
   * same again, and is left out.
   *
   * @default none
   */
  readonly wrapped?: Readonly<Record<string, 'joined' | 'alone'>>
  /** A text that stands for "no value" in every field, as in the text of the same log: `-`. @default none */
  readonly absent?: string
  /** The flattened field for members that the table does not know. @default `<root>.unknown` */
  readonly unknown?: `aws.${string}` | `custom.${string}`
  /**
   * Whether an object is of the format: names of members of its records, of which one, or all of one list, say so; or a
   * function of the object's beginning.
   *
   * @default never by its content
   */
  readonly claims?: readonly (string | readonly string[])[] | ((head: ObjectHead) => 'content' | 'key' | undefined)
  /** Keys of objects that are probably of this format, when their content does not say. @default none */
  readonly keys?: RegExp
  /** What is of another format, though it may look like this one: `unlessEnds(…)`, `has(…)`. @default nothing */
  readonly refuse?: readonly Refusal[]
  /** Members that other formats have as well: an object that has no other is no record. @default none */
  readonly common?: readonly string[]
}
