import type { Snapshot } from '@flowferry/enrich/interfaces'
import { readIfThere } from './whole-file.ts'

/** Where `snapshot` writes and `why` looks, unless it is told otherwise. */
export const snapshotFile = 'flowferry.snapshot.json'

/**
 * The snapshot in a file; undefined where there is no such file.
 *
 * @throws FlowferryError INVALID_OPTION where the file is something else
 */
export async function loadSnapshot(path: string): Promise<Snapshot | undefined> {
  const text = await readIfThere(path)
  if (text === undefined) return undefined
  const { readSnapshot } = await import('@flowferry/enrich/interfaces')
  return readSnapshot(text, path)
}
