import { open, readFile, rename } from 'node:fs/promises'
import { UsageError } from './io.ts'

/** The text of a file; undefined where there is none. `where` begins the error of one that cannot be read. */
export async function readIfThere(path: string, where = path): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new Error(`${where}: ${(error as Error).message}`)
  }
}

/** The JSON of a text; undefined where it is none. */
export function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/**
 * A reader meets the old file or the new one, never half of one, whenever the process is killed or the power goes: the new
 * one is on the disk before it has the name. Two processes do not write into one.
 */
export async function replaceFile(path: string, text: string): Promise<void> {
  const part = `${path}.${process.pid}.part`
  const file = await open(part, 'w')
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(part, path)
}

/**
 * Refuses a file of another run than this: one that goes on from it would be wrong.
 *
 * @param what `the checkpoint of another backfill`
 */
export function requireSameRun<T extends object>(path: string, what: string, former: T, run: T): void {
  for (const name of Object.keys(run) as (keyof T & string)[]) {
    const [then, now] = [former[name], run[name]].map((value) => JSON.stringify(value))
    if (then !== now) throw new UsageError(`${path} is ${what}: its ${name} is ${then}, and not ${now}`)
  }
}
