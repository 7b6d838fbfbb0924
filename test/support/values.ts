/** The distinct values that documents have at a path, through lists and objects. */
export function valuesAt(documents: readonly unknown[], path: string): unknown[] {
  const found = new Set<unknown>()
  const walk = (value: unknown, rest: readonly string[]): void => {
    if (Array.isArray(value)) for (const item of value) walk(item, rest)
    else if (typeof value !== 'object' || value === null) {
      if (rest.length === 0 && value !== undefined && value !== null) found.add(value)
    } else if (rest.length === 0) for (const item of Object.values(value)) walk(item, rest)
    else walk((value as Record<string, unknown>)[rest[0]!], rest.slice(1))
  }
  for (const document of documents) walk(document, path.split('.'))
  return [...found]
}
