import { detect, type Parser, rejectedDocuments } from '@flowferry/core'
import { type FormatName as AwsFormatName, formats } from '@flowferry/core/formats'

export type { AwsFormatName }

/** What an archive of AWS's holds. Their parsers load only when a command reads. */
export const awsFormatNames = Object.keys(formats) as AwsFormatName[]

/** What `--format` takes: these, and documents that a store refused. */
export type FormatName = AwsFormatName | 'rejected'
export const formatNames: readonly FormatName[] = [...awsFormatNames, 'rejected']

/** Whether a document holds a value once, or under each of its names. */
export type Documents = 'small' | 'full'

/** The parser of one format, or one that finds out for each file which of them it is. */
export async function parserFor(
  names: readonly FormatName[] = formatNames,
  documents: Documents = 'small',
): Promise<Parser<unknown>> {
  const load = async (name: AwsFormatName): Promise<Parser<unknown>> => {
    const parser = await formats[name]()
    return documents === 'full' ? parser.full : parser
  }
  const rejected = async () => rejectedDocuments((await Promise.all(awsFormatNames.map(load))).flatMap(formatsOf))
  const parsers = await Promise.all(names.map((name) => (name === 'rejected' ? rejected() : load(name))))
  return parsers.length === 1 ? parsers[0]! : detect(parsers)
}

const formatsOf = (parser: Parser<unknown>) => parser.formats
