import { FlowferryError } from './errors.ts'

/**
 * Refuses a value that the option does not take. The message names the type of text, objects and functions, never their
 * content: an option may hold a credential.
 *
 * @throws FlowferryError INVALID_OPTION
 */
export function requireOption(isValid: boolean, name: string, value: unknown, takes: string): void {
  if (isValid) return
  const is = ['string', 'object', 'function'].includes(typeof value) && value !== null ? typeof value : value
  throw new FlowferryError('INVALID_OPTION', `${name} is ${String(is)}; it takes ${takes}`)
}

/**
 * Refuses a word that is not among those of the option; undefined is the option's default.
 *
 * @throws FlowferryError INVALID_OPTION
 */
export function requireOneOf(name: string, value: string | undefined, values: readonly string[]): void {
  if (value !== undefined && !values.includes(value))
    throw new FlowferryError('INVALID_OPTION', `${name} is ${value}; it takes ${values.join(' or ')}`)
}

/**
 * Refuses a number that is not whole, or is below `minimum`.
 *
 * @throws FlowferryError INVALID_OPTION
 */
export function requirePositive(name: string, value: number, minimum = 1): void {
  if (!Number.isSafeInteger(value) || value < minimum)
    throw new FlowferryError('INVALID_OPTION', `${name} is ${value}; it takes a whole number from ${minimum}`)
}

/** Whether the text can be a part of a data stream's name, `logs-<dataset>-<namespace>`: a hyphen parts them. */
export function isStreamPart(text: unknown): boolean {
  return typeof text === 'string' && /^(?=.*[a-z0-9])[a-z0-9_][a-z0-9_.]{0,99}$/.test(text) && !text.includes('..')
}

/**
 * Refuses text that cannot be the last part of a data stream's name.
 *
 * @throws FlowferryError INVALID_OPTION
 */
export function requireNamespace(namespace: string): void {
  if (!isStreamPart(namespace))
    throw new FlowferryError(
      'INVALID_OPTION',
      `namespace "${namespace}" is no part of a data stream's name: a-z, 0-9, _ and .`,
    )
}

/**
 * Refuses formats whose dataset cannot be the middle of a data stream's name.
 *
 * @throws FlowferryError INVALID_OPTION
 */
export function requireDatasets(formats: readonly { readonly kind: string; readonly dataset: string }[]): void {
  for (const { kind, dataset } of formats)
    if (!isStreamPart(dataset))
      throw new FlowferryError(
        'INVALID_OPTION',
        `dataset "${dataset}" of ${kind} is no part of a data stream's name: a-z, 0-9, _ and .`,
      )
}

/** Whether the value has these methods: sinks, budgets and deadlines are known by them, whoever made them. */
export function hasMethods(value: unknown, ...methods: readonly PropertyKey[]): boolean {
  return methods.every((method) => typeof (value as Record<PropertyKey, unknown> | undefined)?.[method] === 'function')
}
