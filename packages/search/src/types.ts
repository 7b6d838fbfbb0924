/** Sends a request to the engine. Resolves with any response; rejects where none came. */
export type SearchEngineRequest = (
  method: 'GET' | 'PUT' | 'POST',
  path: string,
  body?: unknown,
) => Promise<{ readonly status: number; readonly body: unknown }>

/** A change that `setup` made, or would make in a dry run. */
export interface SetupChange {
  /** A `lifecycle policy` is of ILM or ISM; `lifecycle` is that of a data stream, a backing index or a dated index. */
  readonly kind: 'index template' | 'mapping' | 'lifecycle policy' | 'lifecycle' | 'integration'
  /** Name of the template or policy; of a mapping or lifecycle, the data stream's or the index's. */
  readonly name: string
  /**
   * `found`: something of somebody else's is there, and was left as it is. `missing`: the engine has none of it, or the
   * right to it is missing. `note` says the consequences of both.
   */
  readonly action: 'created' | 'updated' | 'unchanged' | 'found' | 'missing'
  /** Beside `updated`, what changed, where that is not the name alone. */
  readonly note?: string
}
