import { readFile, rename, writeFile } from 'node:fs/promises'

/** The text of a file; undefined where there is none. `where` begins the error of one that cannot be read. */
export async function readIfThere(path: string, where = path): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new Error(`${where}: ${(error as Error).message}`)
  }
}

/** A reader meets the old file or the new one, never half of one, and two at a time do not write into one. */
export async function replaceFile(path: string, text: string): Promise<void> {
  const part = `${path}.${process.pid}.part`
  await writeFile(part, text)
  await rename(part, path)
}
