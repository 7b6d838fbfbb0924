import type { Fields, ValueOf } from './derive.ts'

type Nested<N extends string, V> = N extends `${infer Head}[].${infer Rest}`
  ? { readonly [X in Head]?: readonly Nested<Rest, V>[] }
  : N extends `${infer Head}.${infer Rest}`
    ? { readonly [X in Head]?: Nested<Rest, V> }
    : N extends `${infer Name}[]`
      ? { readonly [X in Name]?: readonly V[] }
      : { readonly [X in N]?: V }

type All<U> = (U extends unknown ? (one: U) => void : never) extends (one: infer I) => void ? I : never

/** Names of the record's own members, which are no paths. */
type Flat<N> = N extends `${string}.${string}` | `${string}[]` ? never : N

/**
 * A format's record: AWS's names, absent values left out. A dotted name is a path: `httpRequest.clientIp` is `clientIp` of
 * the object `httpRequest`, `labels[].name` the `name` of each object in the list `labels`.
 */
export type RecordFrom<K extends string, F extends Fields> = { readonly kind: K } & {
  readonly [N in keyof F as Flat<N>]?: ValueOf<F[N]>
} & All<
    { [N in Exclude<keyof F & string, Flat<keyof F & string>>]: Nested<N, ValueOf<F[N]>> }[Exclude<
      keyof F & string,
      Flat<keyof F & string>
    >]
  >
