import { FlowferryError } from '@flowferry/core'
import { formatNames } from './formats.ts'

/** What an error's advice means on this command line: the library speaks of functions and clients, a user has options. */
function hintFor(error: unknown, format: string | undefined, names: readonly string[]): string | undefined {
  if (!FlowferryError.isInstance(error)) return undefined
  const { code, message } = error
  if (message.includes('withFields()'))
    return `--format ${format ?? 'NAME'} --fields 'NAMES' states the fields of files that do not name them`
  if (format && (code === 'FORMAT_MISMATCH' || code === 'JSON_INVALID' || code === 'TOO_MANY_MALFORMED'))
    return `read as ${format} because of --format; without it the content decides`
  if (code === 'FORMAT_AMBIGUOUS')
    return '--format says which; flowferry explain FILE shows which formats fit, and by what'
  if (code === 'TOO_MANY_MALFORMED')
    return 'a tenth of a file may be malformed; flowferry parse FILE shows which records are, and why; --dead-records of ingest keeps them in a place of their own, and the file is done'
  if (code === 'FORMAT_UNKNOWN' && message.startsWith('It is a zip archive'))
    return 'unpack it; of one file in it, unzip -p FILE | flowferry parse -'
  if (code === 'FORMAT_UNKNOWN')
    return `this command reads ${names.join(', ')}; --format says which, where the content does not; flowferry explain FILE shows which nearly fit, and what they lack; --skip-unknown of ingest and backfill passes over what none reads`
  // https://docs.aws.amazon.com/opensearch-service/latest/developerguide/serverless-overview.html#serverless-usecase
  if (code === 'TARGET_MISMATCH' && message.includes('Document ID is not supported'))
    return 'a time series or vector search collection of OpenSearch Serverless takes no document ids, without which a retry would store twice; make a search collection'
  if (code === 'TARGET_NOT_FOUND') return '--setup installs the index templates'
  if (code === 'TARGET_UNAUTHORIZED') return 'flowferry ingest --help names the variables that hold the credentials'
  if (/Region is missing/.test(message)) return 'set AWS_REGION, or AWS_PROFILE'
  if (/Could not load credentials/.test(message))
    return 'set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY'
  return undefined
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
    const hint = hintFor(error, format, names)
    if (hint !== undefined) hints.add(`hint: ${hint}`)
    if (FlowferryError.isInstance(error)) pages.add(`see ${error.docs}`)
  }
  return [...hints, ...pages]
}
