export declare const hostileFiles: readonly {
  readonly name: string
  readonly what: string
  /** The file, with one record of so many bytes or of so many values. */
  readonly of: (bytes: number, values: number) => string
}[]
