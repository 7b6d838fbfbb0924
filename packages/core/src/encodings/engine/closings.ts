/**
 * How the steps of both engines close `aws` and `cloud`, whose ends take what stood around a record. A step says which of
 * the two, 1 for `cloud`, and, twice, one of these.
 */

/** Writes the text of what stood around. */
export const writesClosing: i32 = 0
/** Writes that unless an account was written. */
export const writesAccount: i32 = 1
/** Leaves the record to the plain path: its document has no such object. */
export const closesNothing: i32 = 2
/** Stands before an account, and behind it. */
export const beginsAccount: i32 = 3
export const endsAccount: i32 = 4

/** The room of a text. */
export const closingBytes: i32 = 1600
