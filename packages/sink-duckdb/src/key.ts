/** A row's key. An id that is made of an object and an ordinal is held as these two: the one repeats, the other counts up. */
export interface RowKey {
  /** The object's `idPrefix`; the whole id where the record has one of its own. */
  readonly object: string
  readonly ordinal: number
}

/** The ordinal of a record that has an id of its own. */
export const ordinalOfOwnId = -1

/** 128 bits in base64url, of whose last character two count, and a number in base 36. */
const pattern = '([A-Za-z0-9_-]{21}[AQgw])(0|[1-9a-z][0-9a-z]{0,10})'
const defaultId = new RegExp(`^${pattern}$`)
const shortestDefaultId = 23
const longestDefaultId = 33

/** The key of an id. Each id has one, whichever way it came: a rejected document comes again with its id as text. */
export function keyOf(id: string): RowKey {
  const [, object, digits] = defaultId.exec(id) ?? []
  const ordinal = digits === undefined ? Number.NaN : Number.parseInt(digits, 36)
  return Number.isSafeInteger(ordinal) ? { object: object!, ordinal } : { object: id, ordinal: ordinalOfOwnId }
}

/** Whether the id in these bytes is of an object and an ordinal. */
export function isDefaultId(bytes: Buffer, start: number, end: number): boolean {
  const length = end - start
  if (length < shortestDefaultId || length > longestDefaultId) return false
  return keyOf(bytes.toString('latin1', start, end)).ordinal !== ordinalOfOwnId
}

/** A key as one text, for a set. */
export const keyText = (object: string, ordinal: number): string => `${ordinal} ${object}`

/** The columns of the key, and the id that search engines have as `_id`. */
export const keyColumns = [
  '_object VARCHAR',
  '_ordinal BIGINT',
  `_id VARCHAR GENERATED ALWAYS AS
    (CASE WHEN _ordinal < 0 THEN _object ELSE _object || lower(to_base(_ordinal, 36)) END)`,
  'PRIMARY KEY (_object, _ordinal)',
]

const ordinalOfId = `list_reduce([instr('0123456789abcdefghijklmnopqrstuvwxyz', digit) - 1
  FOR digit IN string_split(substr(_id, 23), '')], lambda total, digit: total * 36 + digit)`

/** SQL that makes the key's columns of a column `_id`, as `keyOf` does. */
export const keyOfIdColumn = `
  unnest(CASE WHEN regexp_full_match(_id, '${pattern}') AND ${ordinalOfId} <= ${Number.MAX_SAFE_INTEGER}
    THEN {'_object': left(_id, 22), '_ordinal': ${ordinalOfId}} ELSE {'_object': _id, '_ordinal': ${ordinalOfOwnId}::BIGINT} END)`
