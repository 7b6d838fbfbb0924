/**
 * A function that computes its value at its first call, and keeps it. Tables that only some objects need are not made when
 * their module is imported: every cold start of a Lambda would pay for them.
 */
export function once<T>(compute: () => T): () => T {
  let kept: { readonly value: T } | undefined
  return () => {
    kept ??= { value: compute() }
    return kept.value
  }
}
