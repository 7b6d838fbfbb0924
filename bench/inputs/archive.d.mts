import type { World } from '../../test/worlds/world.ts'

export declare function archiveOf(
  question: Pick<World, 'since' | 'files'>,
  options: { readonly keys: number; readonly named: number; readonly filler: Buffer },
): {
  readonly keys: readonly string[]
  readonly bodyOf: (key: string) => Buffer
  readonly account: string
  readonly region: string
}

export declare function movedTo(file: Buffer, since: string, from: number): Buffer
