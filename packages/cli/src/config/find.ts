import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { UsageError } from '../io.ts'

const extensions = ['ts', 'mts', 'js', 'mjs']

/** Whether a file can be a config, by its name. */
export const isConfigName = (path: string): boolean => extensions.some((extension) => path.endsWith(`.${extension}`))

/**
 * The config of a folder: in it, or in the nearest folder above that has one, as far as the root of the repository, or
 * where there is none, of the package. Nothing above is looked at: a config is run, and that may be anybody's folder.
 */
export function findConfig(folder: string): string | undefined {
  for (const place of foldersUpToRoot(folder)) {
    const [first, second] = extensions
      .map((extension) => `flowferry.config.${extension}`)
      .filter((name) => existsSync(join(place, name)))
    if (second !== undefined)
      throw new UsageError(`${place} has ${first} and ${second}: remove one, or say which with --config`)
    if (first !== undefined) return join(place, first)
  }
  return undefined
}

function foldersUpToRoot(folder: string): string[] {
  const folders = [folder]
  for (let above = dirname(folder); above !== folders.at(-1); above = dirname(above)) folders.push(above)
  const rootBy = (name: string) => folders.findIndex((one) => existsSync(join(one, name)))
  const root = [rootBy('.git'), rootBy('package.json'), 0].find((index) => index >= 0)!
  return folders.slice(0, root + 1)
}
