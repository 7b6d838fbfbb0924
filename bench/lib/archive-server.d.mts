export declare function startArchiveServer(
  objects: { readonly keys: readonly string[]; readonly bodyOf: (key: string) => Buffer },
  latency?: number,
): Promise<{
  readonly url: string
  readonly requests: { readonly list: number; readonly get: number }
  readonly close: () => void
}>
