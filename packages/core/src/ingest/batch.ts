import { isStreamPart } from '../check-options.ts'
import { type ErrorPlace, FlowferryError } from '../errors.ts'
import type { Batch } from '../types.ts'

/**
 * Holds a parser's batch against its contract, without making its records. A wrong number of bytes would close the
 * memory budget for the whole process; ordinals that come again would count as duplicates.
 *
 * @param next The ordinal behind the batch before
 * @returns The ordinal behind this batch
 * @throws FlowferryError STEP_FAILED
 */
export function checkBatch(batch: Batch<unknown>, next: number, place: ErrorPlace): number {
  const fault = faultOf(batch, next)
  if (fault) throw new FlowferryError('STEP_FAILED', `The parser gave a batch ${fault}`, { place })
  const { ordinals, length, malformed } = batch
  const last = malformed?.at(-1)
  return Math.max(length > 0 ? ordinals[length - 1]! + 1 : next, last ? last.ordinal + 1 : next)
}

function faultOf(batch: Batch<unknown>, next: number): string | undefined {
  if (typeof batch !== 'object' || batch === null) return 'that is no object'
  const { format, length, ordinals, bytes, malformed = [] } = batch
  if (typeof format?.kind !== 'string' || typeof format.dataset !== 'string') return 'without a `format`'
  // They may be the file's own, as those of rejected documents are.
  if (!isStreamPart(format.dataset)) return `of the dataset ${JSON.stringify(format.dataset)}`
  if (batch.namespace !== undefined && !isStreamPart(batch.namespace))
    return `of the namespace ${JSON.stringify(batch.namespace)}`
  for (const [name, value] of Object.entries({ length, bytes }))
    if (!isWhole(value))
      return `whose \`${name}\` is ${typeof value === 'string' ? 'text' : value}; it takes a whole number from 0`
  if (typeof batch.document !== 'function') return 'without the function `document`'
  if (!Array.isArray(malformed)) return 'whose `malformed` is no list'
  // A getter makes the records on demand, so it is not called.
  const own = Object.getOwnPropertyDescriptor(batch, 'records')
  if (!('records' in batch) || (own && !own.get && own.value?.length !== length))
    return `whose \`records\` are not ${length}`
  if (!(ordinals?.length >= length)) return `whose \`ordinals\` are not ${length}`
  const isBehind = (first: number, last: number, count: number) =>
    isWhole(first) && isWhole(last) && first >= next && last - first >= count - 1
  if (length > 0 && !isBehind(ordinals[0]!, ordinals[length - 1]!, length))
    return `whose \`ordinals\` do not ascend from ${next}, behind the batch before`
  if (malformed.length > 0 && !isBehind(malformed[0]!.ordinal, malformed.at(-1)!.ordinal, malformed.length))
    return `whose \`malformed\` do not ascend from ${next}, behind the batch before`
  return undefined
}

const isWhole = (value: number) => Number.isSafeInteger(value) && value >= 0
