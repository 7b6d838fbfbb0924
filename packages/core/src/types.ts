/** The contract: where an object comes from, how it becomes records, what stores them, and what is told of it. */
export type * from './types/format.ts'
export type * from './types/parser.ts'
export type * from './types/report.ts'
export type * from './types/sink.ts'
export type * from './types/source.ts'
