import picomatch from 'picomatch'
import { UsageError } from './io.ts'

/** Which objects or files a command means, by `--include` and `--exclude`. */
export interface Globs {
  /** Those that one of these fits. @default all */
  readonly include?: readonly string[]
  /** Without those that one of these fits. @default none is left out */
  readonly exclude?: readonly string[]
}

/**
 * Whether an object's key, or a file's path below the folder that was named, is meant. A glob without a slash is for the
 * name alone, at any depth; one that ends with a slash is for all below it. `*` stops at a slash, `**` does not. Case counts.
 *
 * @throws UsageError where a glob is none
 * @example
 * const isMeant = matcherOf({ include: ['AWSLogs/123456789012/'], exclude: ['*.tmp'] })
 * isMeant('AWSLogs/123456789012/vpcflowlogs/a.log.gz') // true
 */
export function matcherOf({ include, exclude }: Globs): (key: string) => boolean {
  const isIn = include && anyOf('--include', include)
  const isOut = exclude && anyOf('--exclude', exclude)
  return (key) => (!isIn || isIn(key)) && !isOut?.(key)
}

function anyOf(option: string, globs: readonly string[]): (key: string) => boolean {
  try {
    // A key may begin with a dot, or hold one anywhere.
    return picomatch(globs.map(whole), { dot: true, nonegate: true })
  } catch (error) {
    throw new UsageError(`${option} takes globs as *.gz or AWSLogs/*/vpcflowlogs/**: ${(error as Error).message}`)
  }
}

const whole = (glob: string): string =>
  !glob.includes('/') ? (glob === '' ? glob : `**/${glob}`) : glob.endsWith('/') ? `${glob}**` : glob
