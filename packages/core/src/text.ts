/** Names of secrets in headers, queries, JSON and environments. */
const secretNames =
  'passw(?:or)?d|pwd|passphrase|passcode|token|api[_-]?key|(?:secret|private)(?:[_-]?access)?(?:[_-]?key)?|(?:X-Amz-)?Signature|X-Amz-(?:Security-Token|Credential)'

/** A word that nobody would say: six characters or more, with a letter and a digit. */
const opaque = String.raw`(?=[^\s"']{0,100}\d)(?=[^\s"']{0,100}[a-z])[^\s"'&,;)}\]]{6,}`

const secrets: readonly [RegExp, string][] = [
  // A password may have an `@`, and a slash where nobody encoded it; `//host:9200/a@b` has none.
  [/(\/\/)[^\s/@:[\]]+:(?!\d+\b)(?:(?!:\/\/)[^\s"'<>]){0,500}@/g, '$1***@'],
  [/(\/\/)[^\s/]+@/g, '$1***@'],
  // The same without a scheme. An address of mail has no colon before its `@`.
  [/(?<![\w.+/-])(?!mailto:)[\w.+-]{1,100}:[^\s@:/"'<>]{1,200}@(?=[\w[])/g, '***@'],
  [/\b((?:Basic|Bearer|ApiKey|Negotiate|NTLM)\s+)[\w+/=.:-]+/gi, '$1***'],
  [
    /\b((?:proxy-)?authorization\\*["']?\s*[=:]\s*\\*["']?)(?!(?:Basic|Bearer|ApiKey|Negotiate|NTLM|AWS4)\b)[^\s"',}]+/gi,
    '$1***',
  ],
  [/\b((?:set-)?cookie\\*["']?\s*[=:]\s*\\*["']?)[^\r\n"']+/gi, '$1***'],
  [/\beyJ[\w-]{5,}\.[\w-]{5,}(?:\.[\w-]*)?/g, '***'],
  [/\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g, '***'],
  [
    // Text in quotes is a secret to its closing quote.
    new RegExp(`((?:${secretNames})\\\\*["']?\\s*[=:]\\s*\\\\*["']?)((?<=")[^"]+|(?<=')[^']+|[^\\s"'&,}]+)`, 'gi'),
    '$1***',
  ],
  // In prose: `token abc123`, `the password is "swordfish"`. `Unexpected token "x"` is JSON's.
  [
    new RegExp(
      `(?<!unexpected )\\b((?:${secretNames}|secret access key|api key)\\s+(?:is |was |of )?)(?:"[^"\\s]{4,}"|'[^'\\s]{4,}'|${opaque})`,
      'gi',
    ),
    '$1***',
  ],
]

/**
 * Takes credentials out of a text: passwords in addresses, authorization headers, cookies, AWS keys, and values beside
 * names of secrets.
 *
 * @example
 * redact('https://elastic:s3cr3t@search:9200') // https://***@search:9200
 */
export function redact(text: string): string {
  return secrets.reduce((result, [pattern, replacement]) => result.replace(pattern, replacement), text)
}

/** Control characters, those of C1 too, and the ones that turn the direction of text or break a line. */
const unprintable =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/g

const named: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/**
 * A text as it may be shown to a person. Control characters are escaped as JSON writes them: in a key or a cause they
 * would clear a terminal, or forge a line of a log.
 *
 * @example
 * printable('logs/\u001b[2Ja.gz') // logs/\\u001b[2Ja.gz
 */
export function printable(text: string): string {
  return text.replace(
    unprintable,
    (character) => named[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** The first few of a list, each as it is shown, and how many there are more: `a, b and 7 more`. */
export function firstOf(all: readonly string[], most: number, shown: (one: string) => string): string {
  const first = all.slice(0, most).map(shown)
  return first.join(', ') + (all.length > most ? ` and ${all.length - most} more` : '')
}

/** A word of a command line that can be copied into a shell of POSIX, whatever stands in it: quoted where it is not plain. */
export function shellWord(text: string): string {
  return /^[\w@%+:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
