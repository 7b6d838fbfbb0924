/**
 * A function that computes its value at the first call, and keeps it. What only some objects need is left out of the
 * import, which every cold start of a Lambda pays for.
 */
export function once<T>(compute: () => T): () => T {
  let kept: { readonly value: T } | undefined
  return () => {
    kept ??= { value: compute() }
    return kept.value
  }
}
