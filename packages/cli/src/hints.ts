import { type ErrorCode, FlowferryError } from '@flowferry/core'
import { beginningOf } from './beginning.ts'
import { formatNames } from './formats.ts'

/** How a file is read that is no log as it stands, by what its error says that it is. */
const readers: readonly (readonly [what: RegExp, todo: string])[] = [
  [/^It is a zip archive/, 'unpack it; of one file in it, unzip -p FILE | flowferry parse -'],
  [/^It is compressed by bzip2/, 'unpack it: bzip2 -dc FILE | flowferry parse -'],
  [/^It is compressed by xz/, 'unpack it: xz -dc FILE | flowferry parse -'],
  [/^It is compressed by LZ4/, 'unpack it: lz4 -dc FILE | flowferry parse -'],
  [/^It is compressed by Snappy/, 'unpack it, or write it compressed by gzip or zstd'],
  [/^It is CloudFront's real-time log/, "--format cloudfront-real-time --fields 'NAMES' states its fields, in order"],
  [/^It is text in UTF-16/, 'write it as UTF-8: iconv -f UTF-16 -t UTF-8 FILE | flowferry parse -'],
]

/** Codes whose advice is for who writes a handler: the hint says the same in options and variables. */
const hinted: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'FORMAT_UNKNOWN',
  'FORMAT_AMBIGUOUS',
  'FORMAT_MISMATCH',
  'TOO_MANY_MALFORMED',
  'SOURCE_REGION',
])

/** Whether a file is known to be something else, so that no format would fit but by chance. */
export const isForeign = (message: string): boolean => /^It is .*, and of none of /s.test(message)

const explain = 'flowferry explain FILE shows which formats nearly fit, and what they lack'
/** Of a message, which speaks of the library. */
const stating = 'withFields() states the fields'
const region = 'set AWS_REGION, or AWS_PROFILE to a profile that has a region'

/** What an error's advice means on this command line: the library speaks of functions and clients, a user has options. */
function hintFor(error: unknown, format: string | undefined, names: readonly string[]): readonly string[] {
  const { message } = error as Error
  if (/Region is missing/.test(message)) return [region]
  if (/Could not load credentials/.test(message))
    return ['set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY']
  if (!FlowferryError.isInstance(error)) return []
  const { code } = error
  const reader = readers.find(([what]) => what.test(message))
  if (reader) return [reader[1]]
  const asSaid = `read as ${format} because of --format; without it the content decides`
  if (message.includes(stating))
    return [
      `--format ${format ?? 'NAME'} --fields 'NAMES' states the fields of files that do not name them`,
      ...(format === undefined ? [] : [asSaid]),
    ]
  if (format && (code === 'FORMAT_MISMATCH' || code === 'JSON_INVALID' || code === 'TOO_MANY_MALFORMED'))
    return [asSaid]
  if (code === 'FORMAT_MISMATCH') return [explain]
  if (code === 'FORMAT_AMBIGUOUS')
    return ['--format says which; flowferry explain FILE shows which formats fit, and by what']
  if (code === 'TOO_MANY_MALFORMED')
    return [
      'a tenth of a file may be malformed, or what --malformed-share of ingest and backfill says; flowferry parse FILE shows which records are, and why; --dead-records of ingest keeps them in a place of their own, and the file is done',
    ]
  if (code === 'FORMAT_UNKNOWN')
    return [
      ...(isForeign(message)
        ? []
        : [
            explain,
            `--format says which it is, where the content does not: ${names.slice(0, 3).join(', ')}, … (flowferry help parse lists them), and --fields the fields of a file that does not name them`,
          ]),
      '--skip-unknown of ingest and backfill passes over what no format reads',
    ]
  if (code === 'SOURCE_REGION') return ['set AWS_REGION to the region of the bucket or queue']
  // https://docs.aws.amazon.com/opensearch-service/latest/developerguide/serverless-overview.html#serverless-usecase
  if (code === 'TARGET_MISMATCH' && message.includes('Document ID is not supported'))
    return [
      'a time series or vector search collection of OpenSearch Serverless takes no document ids, without which a retry would store twice; make a search collection',
    ]
  if (code === 'TARGET_NOT_FOUND') return ['--setup installs the index templates']
  if (code === 'TARGET_UNAUTHORIZED') return ['flowferry ingest --help names the variables that hold the credentials']
  return []
}

/**
 * An error's message as this command line tells it: without advice for who writes a handler, and of an object that no format
 * reads with what it begins with, unless it is known what that is: of a file in Parquet the message has the columns.
 */
export function wordsOf(error: FlowferryError): string {
  const { code, message, advice } = error
  if (!hinted.has(code)) return message
  const begin = /^(It is |The columns of the Parquet file )/.test(message) ? undefined : beginningOf(error)
  return message
    .replace(`; ${stating}`, '')
    .replace(`. ${advice}`, begin === undefined ? '' : `; it begins with ${begin}`)
}

/**
 * The hints of several errors and where their codes are explained, each once.
 *
 * @param format What `--format` says
 * @param names What it takes
 */
export function hintsFor(errors: Iterable<unknown>, format?: string, names = formatNames()): string[] {
  const hints = new Set<string>()
  const pages = new Set<string>()
  for (const error of errors) {
    if (!(error instanceof Error)) continue
    for (const hint of hintFor(error, format, names)) hints.add(`hint: ${hint}`)
    if (FlowferryError.isInstance(error)) pages.add(`see ${error.docs}`)
  }
  return [...hints, ...pages]
}
