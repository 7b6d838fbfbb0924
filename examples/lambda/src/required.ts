/** The values of variables that have to be set, or one error that names all that are missing. */
export function required<N extends string>(...names: readonly N[]): Record<N, string> {
  const missing = names.filter((name) => !process.env[name])
  if (missing.length > 0) throw new Error(`Not set in the environment: ${missing.join(', ')}`)
  return process.env as Record<N, string>
}
