import { type ErrorPlace, FlowferryError } from '@flowferry/core'

/** What is wrong with a file's bytes: the parser says where. */
export class Invalid extends Error {}
/** What the file has and this package does not read. */
export class Unsupported extends Error {}
/** What the file asks for is above a limit. */
export class AboveLimit extends Error {}

/** The error of a fault, with the object's place. Others are none of the file's, and pass. */
export function asFault(error: unknown, what: string, place: ErrorPlace): unknown {
  const message = `${what}: ${(error as Error)?.message}`
  if (error instanceof Invalid) return new FlowferryError('PARQUET_INVALID', message, { place, cause: error })
  if (error instanceof Unsupported) return new FlowferryError('PARQUET_UNSUPPORTED', message, { place, cause: error })
  if (error instanceof AboveLimit) return new FlowferryError('LIMIT_EXCEEDED', message, { place, cause: error })
  return error
}
