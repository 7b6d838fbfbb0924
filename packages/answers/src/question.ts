import type { Format } from '@flowferry/core'

/** A value in a filter: text for keywords, addresses and dates (ISO 8601), a number or boolean for fields of that type. */
export type FilterValue = string | number | boolean

/**
 * Holds for a document or not. A field of several values fits where one of them does, and a document without the field
 * fits no filter but `not`.
 */
export type Filter =
  | { readonly field: string; readonly equals: FilterValue }
  /** Up to 10,000 values. */
  | { readonly field: string; readonly oneOf: readonly FilterValue[] }
  /** Of numbers and dates; at least one bound. */
  | { readonly field: string; readonly range: Range }
  /** Of addresses: `10.0.0.0/8`, `2001:db8::/32`, or one address. */
  | { readonly field: string; readonly cidr: string | readonly string[] }
  | { readonly field: string; readonly exists: true }
  /** Of keywords. */
  | { readonly field: string; readonly prefix: string }
  | { readonly not: Filter }
  | { readonly any: readonly Filter[] }
  | { readonly all: readonly Filter[] }

/** Numbers or ISO dates. */
export interface Range {
  readonly gte?: number | string
  readonly gt?: number | string
  readonly lte?: number | string
  readonly lt?: number | string
}

/** Documents whose `@timestamp` is at or after `from` and before `to`, ISO 8601: `2026-11-22T09:00:00Z`. */
export interface Span {
  readonly from: string
  readonly to: string
}

/** What to group by: a field, or a field of dates in steps of `every`: `30s`, `5m`, `1h`, `1d`, from 1970 on in UTC. */
export type Group = string | { readonly field: string; readonly every: string }

/** A number over the documents of a group; `where` takes those alone that all its filters fit. */
export type Measure = { readonly where?: readonly Filter[] } & (
  | { readonly count: true }
  /** Of numbers; 0 where no document has the field. */
  | { readonly sum: string }
  /** Of numbers and dates; null where no document has the field. */
  | { readonly min: string }
  | { readonly max: string }
  /** The value that `percent` of the numbers are at or below: above 0, below 100. Null where no document has the field. */
  | { readonly percentile: string; readonly percent: number }
  /** How many values differ. */
  | { readonly cardinality: string }
  /** The share of documents that fit these filters, too, from 0 to 1; null where there is no document. */
  | { readonly ratio: readonly Filter[] }
)

/** A condition on a measure of a group; a measure that is null fits none. */
export type Having = { readonly measure: string } & (
  | { readonly equals: number }
  | { readonly range: { readonly [bound in keyof Range]: number } }
)

/** What rows are ordered by. */
export interface Order {
  /** A measure's name or a group's field; of `documents`, any field. */
  readonly by: string
  /** @default 'asc' */
  readonly direction?: 'asc' | 'desc'
}

interface Asked {
  /** Datasets as the store's `formats` have them (`aws.vpcflow`), or formats. */
  readonly formats: readonly (string | Format)[]
  readonly span: Span
  /** All have to fit. @default none */
  readonly filters?: readonly Filter[]
  /** Most rows that are given: 1 to 100,000. @default 100 */
  readonly limit?: number
}

/** Numbers by group. A document without a group's field counts under null, and one with several values under each. */
export interface GroupsQuestion extends Asked {
  readonly kind: 'groups'
  /** @default none: one row over all */
  readonly groups?: readonly Group[]
  /**
   * Up to 10,000 groups that alone are asked for, each by its values of the first of `groups`: fields of one value that
   * are no dates. Each has as many values as the first.
   *
   * @default all groups
   */
  readonly only?: readonly (readonly FilterValue[])[]
  /** Name of a column to what it holds. */
  readonly measures: Readonly<Record<string, Measure>>
  /** All have to hold. @default every group */
  readonly having?: readonly Having[]
  /** Equal rows, and those without an order, are ordered by their groups. Null is last. @default by the groups */
  readonly order?: readonly Order[]
}

/** The documents themselves. */
export interface DocumentsQuestion extends Asked {
  readonly kind: 'documents'
  /**
   * Names of fields; a row has each, null where the document has none.
   *
   * @default a row is the whole ECS document, nested, with each name of its values
   */
  readonly fields?: readonly string[]
  /** Of fields with one value, and not of addresses. Null is last. @default by `@timestamp` */
  readonly order?: readonly Order[]
}

/**
 * What is asked of a store. But for formats that are passed as such, it is plain data: JSON has all of it.
 *
 * @example
 * const talkers: Question = {
 *   kind: 'groups',
 *   formats: ['aws.vpcflow'],
 *   span: { from: '2026-11-22T09:00:00Z', to: '2026-11-22T10:00:00Z' },
 *   filters: [{ field: 'network.direction', equals: 'egress' }],
 *   groups: ['source.ip', 'destination.ip'],
 *   measures: { bytes: { sum: 'network.bytes' } },
 *   order: [{ by: 'bytes', direction: 'desc' }],
 * }
 */
export type Question = GroupsQuestion | DocumentsQuestion
