import { readdirSync, readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import type { Format, FormatParser } from '@flowferry/core'
import { type FormatName, formats } from '@flowferry/core/formats'
import type { Hit } from './search.ts'

/** A log file of test/fixtures, and the documents that were written for it by hand: with every name of a value. */
export interface Fixture {
  /** `vpc-flow-v2.log`: the format's name, and what is special of it. */
  readonly name: string
  readonly text: string
  /** The text in gzip. */
  readonly body: Buffer
  /** A key as AWS writes it, each time in another layout. */
  readonly key: string
  readonly expected: readonly Partial<Hit>[]
  readonly formatName: FormatName
  readonly parser: FormatParser<unknown>
  readonly format: Format
  /** The data stream that its documents belong to. */
  readonly stream: string
}

const folder = new URL('../fixtures/', import.meta.url)
const read = (name: string) => readFileSync(new URL(name, folder), 'utf8')

const layouts = [
  (service: string, file: string) => `AWSLogs/123456789012/${service}/eu-central-1/2026/11/22/${file}`,
  (service: string, file: string) =>
    `my logs+/AWSLogs/aws-account-id=123456789012/aws-service=${service}/aws-region=eu-central-1/year=2026/month=11/day=22/${file}`,
  (service: string, file: string) => `AWSLogs/o-a1b2c3d4e5/123456789012/${service}/eu-central-1/2026/11/22/${file}`,
]

async function fixtureOf(name: string, index: number): Promise<Fixture> {
  const formatName = formatNameOf(name)
  const parser: FormatParser<unknown> = await formats[formatName]()
  const [format] = parser.formats
  const text = read(name)
  return {
    name,
    text,
    body: gzipSync(text),
    key: layouts[index % layouts.length]!(format!.archive[0]?.service ?? formatName, `${name}.gz`),
    expected: JSON.parse(read(name.replace(/\.\w+$/, '.expected.json'))) as Partial<Hit>[],
    formatName,
    parser,
    format: format!,
    stream: `logs-${format!.dataset}-default`,
  }
}

/** The longest name of a format that the file's begins with. */
function formatNameOf(file: string): FormatName {
  const names = Object.keys(formats) as FormatName[]
  const [found] = names
    .filter((name) => file.startsWith(`${name}.`) || file.startsWith(`${name}-`))
    .sort((a, b) => b.length - a.length)
  if (!found) throw new Error(`test/fixtures/${file} begins with no name of a format: ${names.join(', ')}`)
  return found
}

const names = readdirSync(folder).filter((name) => !/\.expected\.json$|\.md$/.test(name))

export const fixtures: readonly Fixture[] = await Promise.all(names.map(fixtureOf))

/**
 * The fixtures of some formats, but for those with a record that has no time: its document takes that of its upload, which
 * no file can know.
 */
export function fixturesFor(wanted: readonly Format[]): readonly Fixture[] {
  return fixtures.filter(
    ({ format, expected }) =>
      wanted.includes(format) && expected.every(({ _source }) => _source?.['@timestamp'] !== undefined),
  )
}

/** What each data stream must hold: the documents of all its fixtures, in an order of their own. */
export function expectedSources(of: readonly Fixture[]): Map<string, unknown[]> {
  const sources = new Map<string, unknown[]>()
  for (const { stream, expected, format } of of)
    sources.set(
      stream,
      sorted([...(sources.get(stream) ?? []), ...expected.map(({ _source }) => small(_source!, format))]),
    )
  return sources
}

/** A document without the values that an index finds by their other names. */
export function small(document: Readonly<Record<string, unknown>>, { aliases = {} }: Format): Record<string, unknown> {
  const copy = structuredClone(document)
  for (const alias of Object.keys(aliases)) remove(copy, alias.split('.'))
  return copy
}

/** Takes away a value, and what is empty without it. */
function remove(value: Record<string, unknown>, [name, ...path]: readonly string[]): void {
  const below = value[name!]
  if (path.length > 0 && below) remove(below as Record<string, unknown>, path)
  if (path.length === 0 || (below && Object.keys(below).length === 0)) delete value[name!]
}

/** Sources by their JSON with sorted keys, so that two orders of the same documents are equal. */
export function sorted(sources: readonly unknown[]): unknown[] {
  return [...sources].sort((a, b) => (canonical(a) < canonical(b) ? -1 : 1))
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part) =>
    part && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  )
}
