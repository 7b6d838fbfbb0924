import { FlowferryError } from '@flowferry/core'

/** The option's value, after a check that it is a whole number within the range. */
export function wholeNumber(name: string, value: number, minimum: number, maximum: number): number {
  if (!Number.isInteger(value) || value < minimum || value > maximum)
    throw invalid(`\`${name}\` must be a whole number from ${minimum} to ${maximum}, and is ${describe(value)}`)
  return value
}

export function oneOf<T extends string>(name: string, value: T, values: readonly T[]): T {
  if (!values.includes(value)) throw invalid(`\`${name}\` must be ${values.join(' or ')}, and is ${describe(value)}`)
  return value
}

/** The option's value, after a check that it is a number within the range. */
export function numberWithin(name: string, value: number, minimum: number, maximum: number): number {
  if (typeof value !== 'number' || !(value >= minimum && value <= maximum))
    throw invalid(`\`${name}\` must be a number from ${minimum} to ${maximum}, and is ${describe(value)}`)
  return value
}

/** The option's value, after a check that it is a client of the AWS SDK v3: an object with `send`. */
export function client<T>(name: string, value: T): T {
  if (typeof (value as { send?: unknown } | undefined)?.send !== 'function')
    throw invalid(`\`${name}\` must be a client of the AWS SDK v3, and is ${describe(value)}`)
  return value
}

export function queueAddress(name: string, value: string): string {
  if (typeof value !== 'string' || !/^https?:\/\/\S+$/.test(value))
    throw invalid(`\`${name}\` must be the queue's URL (https://sqs.…), not its name or ARN`)
  return value
}

/** The error for a dead-letter queue that is the main queue: its messages would go round for ever. */
export function sameQueue(name: string): FlowferryError {
  return invalid(`\`${name}\` is the queue that the messages come from`)
}

export function optionalFunction<T>(name: string, value: T): T {
  if (value !== undefined && typeof value !== 'function')
    throw invalid(`\`${name}\` must be a function, and is ${describe(value)}`)
  return value
}

export function invalid(what: string): FlowferryError {
  return new FlowferryError('INVALID_OPTION', what)
}

function describe(value: unknown): string {
  return typeof value === 'number' ? String(value) : value === null ? 'null' : typeof value
}
