import { readFile } from 'node:fs/promises'
import type { Snapshot } from '@flowferry/enrich/interfaces'

/** Where `snapshot` writes and `why` looks, unless it is told otherwise. */
export const snapshotFile = 'flowferry.snapshot.json'

/**
 * The snapshot in a file; undefined where there is no such file.
 *
 * @throws FlowferryError INVALID_OPTION where the file is something else
 */
export async function loadSnapshot(path: string): Promise<Snapshot | undefined> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new Error(`${path}: ${(error as Error).message}`)
  }
  const { readSnapshot } = await import('@flowferry/enrich/interfaces')
  return readSnapshot(text, path)
}
