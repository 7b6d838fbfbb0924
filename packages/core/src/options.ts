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
