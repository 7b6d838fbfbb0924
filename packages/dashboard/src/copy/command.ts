import { shellWord } from '@flowferry/core/internal'

/**
 * A command line that a shell of POSIX reads as these words, whatever stands in them.
 *
 * @returns undefined where a word has control characters or such as turn text around: what is pasted is not what was seen
 * @example
 * command(['flowferry', 'why', 'orders db', '10.0.9.12:5432']) // flowferry why 'orders db' 10.0.9.12:5432
 */
export function command(words: readonly string[]): string | undefined {
  if (words.some((word) => /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u.test(word))) return undefined
  // A word that begins with a dash may be an option: those are ours alone.
  return words.map(shellWord).join(' ')
}
