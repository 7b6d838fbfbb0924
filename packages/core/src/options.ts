import { FlowferryError } from './errors.ts'

/** Throws INVALID_OPTION unless the value is what the option takes. Of an object it tells no content. */
export function requireOption(isValid: boolean, name: string, value: unknown, takes: string): void {
  if (isValid) return
  const is = ['string', 'object', 'function'].includes(typeof value) && value !== null ? typeof value : value
  throw new FlowferryError('INVALID_OPTION', `${name} is ${String(is)}; it takes ${takes}`)
}

/** Throws INVALID_OPTION unless the value, where there is one, is among those that the option takes. */
export function requireOneOf(name: string, value: string | undefined, values: readonly string[]): void {
  if (value !== undefined && !values.includes(value))
    throw new FlowferryError('INVALID_OPTION', `${name} is ${value}; it takes ${values.join(' or ')}`)
}

/** Whether the value has these methods. */
export function has(value: unknown, ...methods: readonly PropertyKey[]): boolean {
  return methods.every((method) => typeof (value as Record<PropertyKey, unknown> | undefined)?.[method] === 'function')
}

/** Throws INVALID_OPTION unless the value can be the last part of a data stream's name. */
export function requireNamespace(namespace: string): void {
  if (!/^[a-z0-9_.]{1,100}$/.test(namespace))
    throw new FlowferryError(
      'INVALID_OPTION',
      `namespace "${namespace}" is no part of a data stream's name: a-z, 0-9, _ and .`,
    )
}

/** Throws INVALID_OPTION unless the value is a whole number of at least `minimum`. */
export function requirePositive(name: string, value: number, minimum = 1): void {
  if (!Number.isSafeInteger(value) || value < minimum)
    throw new FlowferryError('INVALID_OPTION', `${name} is ${value}; it takes a whole number from ${minimum}`)
}
