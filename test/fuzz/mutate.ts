import { gzipSync } from 'node:zlib'
import type { Random } from '../support/random.ts'

/** What a mutation begins with: a log file's bytes, and a key that names its format. */
export interface Seed {
  readonly name: string
  readonly key: string
  readonly body: Buffer
}

/** A file that nobody wrote. */
export interface Mutant {
  readonly key: string
  readonly body: Buffer
  readonly chunkBytes: number
  /** What was done to which seed, in words. */
  readonly how: string
}

/** What logs do not hold, or hold where one does not expect it. Latin-1, as all texts here: a character is a byte. */
const odd: readonly string[] = [
  ...[
    '-',
    '"-"',
    '--',
    '""',
    '"',
    '\\"',
    "'",
    '\\',
    '[',
    ']',
    '{',
    '}',
    ',',
    ':',
    ' ',
    '\t',
    '#',
    '#Fields: ',
    '%',
    '%zz',
  ],
  ...[
    '\0',
    '\x01',
    '\x1b[2J',
    '\x7f',
    '\r',
    '\n',
    '\r\n',
    '\xef\xbb\xbf',
    '\xff',
    '\xc0\x80',
    '\xe2\x80\xa8',
    '\xed\xa0\x80',
  ],
  ...['\\u0000', '\\ud800', '\\u2028', '\\/', '\\x', '%00', '%F0%9F%98%80', '%2525'],
  ...['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'length', '0', '{"__proto__":{"polluted":1}}'],
  ...['"__proto__":{"polluted":1}', '"constructor":{"prototype":{"polluted":1}}', 'a.b', '..', '.', '@timestamp'],
  ...[
    '9007199254740993',
    '18446744073709551616',
    '-9223372036854775809',
    '1e400',
    '-1e400',
    '1e-400',
    '-0',
    '01',
    '0x1f',
  ],
  ...['1.', '.5', '+1', 'NaN', 'Infinity', '4294967296', '253402300800', '-62135596801', '8640000000000001', '99999'],
  ...[
    '2026-13-45T99:99:99Z',
    '0000-00-00T00:00:00Z',
    '+275760-09-13T00:00:00.001Z',
    '2026-02-30',
    '24:00:00',
    '1969-12-31T23:59:60Z',
  ],
  ...[
    '::1',
    '::ffff:192.0.2.1',
    '2001:db8::1',
    '[2001:db8::1]:443',
    '192.0.2.1:99999',
    '256.1.1.1',
    '1.2.3',
    'fe80::1%eth0',
    '192.0.2.01',
  ],
  ...['null', 'true', '[]', '{}', '[null]', '[[]]', '"a"', 'GET http://a:80/\\x22 HTTP/1.1', 'version', 'type'],
]

/** Names of members that a plain object takes for its own or its prototype's, or that a document cannot have as they are. */
const oddNames = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'kind',
  'length',
  '0',
  '',
  'a.b',
  '.',
  '\\u005f_proto__',
  ' ',
]

const many = {
  long: 'x'.repeat(5000),
  escaped: '\\"'.repeat(2000),
  lists: `${'['.repeat(400)}${']'.repeat(400)}`,
  objects: `${'{"a":'.repeat(40)}1${'}'.repeat(40)}`,
  fields: ' f'.repeat(1200),
}

/** A value of another kind than was expected. */
function oddValue(chance: Random): string {
  if (chance.int(60) === 0) return chance.pick(Object.values(many))
  return chance.pick(odd)
}

/** The pieces of a text between what separates values in any format, and the separators. */
const piecesOf = (text: string) => text.split(/([\s",:;{}[\]&=|]+)/)

type Change = (text: string, chance: Random, other: () => string) => string

const changes: Readonly<Record<string, Change>> = {
  'flip bits': (text, chance) => {
    const bytes = Buffer.from(text, 'latin1')
    for (let n = chance.int(4); n >= 0 && bytes.length > 0; n--) bytes[chance.int(bytes.length)]! ^= 1 << chance.int(8)
    return bytes.toString('latin1')
  },
  'cut the end': (text, chance) => text.slice(0, chance.int(text.length + 1)),
  'cut the beginning': (text, chance) => text.slice(chance.int(text.length + 1)),
  'cut a part': (text, chance) => {
    const from = chance.int(text.length + 1)
    return text.slice(0, from) + text.slice(from + chance.int(40))
  },
  'splice two at a byte': (text, chance, other) => {
    const behind = other()
    return text.slice(0, chance.int(text.length + 1)) + behind.slice(chance.int(behind.length + 1))
  },
  'mix lines of two': (text, chance, other) => {
    const lines = text.split('\n')
    lines.splice(
      chance.int(lines.length + 1),
      chance.int(2),
      ...other()
        .split('\n')
        .slice(0, 1 + chance.int(3)),
    )
    return lines.join('\n')
  },
  'repeat a line': (text, chance) => {
    const lines = text.split('\n')
    return lines.toSpliced(chance.int(lines.length), 0, chance.pick(lines)).join('\n')
  },
  'swap two values': (text, chance) => {
    const pieces = piecesOf(text)
    const [a, b] = [chance.int(pieces.length), chance.int(pieces.length)]
    return pieces.with(a, pieces[b]!).with(b, pieces[a]!).join('')
  },
  'repeat a value': (text, chance) => {
    const pieces = piecesOf(text)
    return pieces
      .toSpliced(chance.int(pieces.length), 0, chance.pick(pieces), chance.pick([' ', ',', '\t', '']))
      .join('')
  },
  'leave a value out': (text, chance) => {
    const pieces = piecesOf(text)
    return pieces.toSpliced(chance.int(pieces.length), 1 + chance.int(2)).join('')
  },
  'another value': (text, chance) => {
    const pieces = piecesOf(text)
    return pieces.with(chance.int(pieces.length), oddValue(chance)).join('')
  },
  'insert a value': (text, chance) => {
    const at = chance.int(text.length + 1)
    return text.slice(0, at) + oddValue(chance) + text.slice(at)
  },
  'repeat a member': (text, chance) => {
    const members = [...text.matchAll(/"[^"\\]*":("[^"\\]*"|[\d.]+|true|null)/g)]
    if (members.length === 0) return text
    const { index, 0: member } = chance.pick(members)
    const again = chance.chance(0.5) ? member : member.replace(/:.*/s, `:${oddValue(chance)}`)
    return `${text.slice(0, index)}${again},${text.slice(index)}`
  },
  'another name': (text, chance) => {
    const all = [...text.matchAll(/"[^"\\]*":/g)]
    if (all.length === 0) return text
    const { index, 0: member } = chance.pick(all)
    return `${text.slice(0, index)}"${chance.pick(oddNames)}":${text.slice(index + member.length)}`
  },
  'one more member': (text, chance) => {
    const all = [...text.matchAll(/\{(?=")/g)]
    if (all.length === 0) return text
    const at = chance.pick(all).index + 1
    return `${text.slice(0, at)}"${chance.pick(oddNames)}":${chance.pick(['{"polluted":1}', '"a"', '1', '[]'])},${text.slice(at)}`
  },
  'other line ends': (text, chance) => text.replaceAll('\n', chance.pick(['\r\n', '\r', '\n\n', ''])),
}

/** A few of a file's lines: the first may be a header. */
function someLines(text: string, chance: Random): string {
  const lines = text.split('\n')
  if (lines.length < 5 || chance.int(8) === 0) return text
  const from = 1 + chance.int(lines.length - 2)
  return [
    lines[0],
    ...(lines[1]!.startsWith('#') ? [lines[1]] : []),
    ...lines.slice(from, from + 1 + chance.int(3)),
    '',
  ].join('\n')
}

const textOf = ({ body }: Seed, chance: Random) => someLines(body.toString('latin1'), chance)

/** One to three changes to a seed, and sometimes gzip around it, whole or damaged. */
export function mutate(texts: readonly Seed[], binaries: readonly Seed[], chance: Random): Mutant {
  const isBinary = chance.int(16) === 0
  const seed = chance.pick(isBinary ? binaries : texts)
  const how = [seed.name]
  let body = isBinary ? damaged(seed.body, chance, how) : Buffer.from(changedText(seed, texts, chance, how), 'latin1')
  if (!isBinary && chance.int(8) === 0) {
    const at = chance.int(body.length + 1)
    body = Buffer.concat([body.subarray(0, at), body.subarray(at)].map((part) => gzipSync(part, { level: 1 })))
    how.push('two members of gzip')
    if (chance.int(2) === 0) body = damaged(body, chance, how)
    else if (chance.int(4) === 0) body = gzipSync(body)
  }
  return {
    key: chance.pick([seed.key, seed.key, 'file', chance.pick(texts).key]),
    body,
    chunkBytes: chance.int(10) === 0 ? 1 + chance.int(64) : 65_536,
    how: how.join(', '),
  }
}

function changedText(seed: Seed, texts: readonly Seed[], chance: Random, how: string[]): string {
  let text = textOf(seed, chance)
  for (let n = chance.int(3); n >= 0; n--) {
    const name = chance.pick(Object.keys(changes))
    text = changes[name]!(text, chance, () => textOf(chance.pick(texts), chance))
    how.push(name)
  }
  return text
}

/** Bytes turned, overwritten, left out or cut off. */
function damaged(whole: Buffer, chance: Random, how: string[]): Buffer {
  const body = Buffer.from(whole)
  const at = () => chance.int(body.length)
  how.push('damaged')
  switch (chance.int(6)) {
    case 0:
      return body.subarray(0, at())
    case 1: {
      const from = at()
      return Buffer.concat([body.subarray(0, from), body.subarray(from + 1 + chance.int(20))])
    }
    case 2: {
      // The footer of Parquet stands there, and the length of gzip.
      const from = Math.max(0, body.length - 1 - chance.int(600))
      body[from] = chance.pick([0, 1, 0x7f, 0x80, 0xff, chance.int(256)])
      return body
    }
    case 3:
      body.fill(chance.pick([0, 0xff]), at(), at())
      return body
    default:
      for (let n = chance.int(4); n >= 0 && body.length > 0; n--) body[at()]! ^= 1 << chance.int(8)
      return body
  }
}
