import { detect, type Parser } from '@flowferry/core'
import { type FormatName, formatNames } from './format-names.ts'

const parsers: Readonly<Record<FormatName, () => Promise<Parser<unknown>>>> = {
  'vpc-flow': async () => (await import('@flowferry/core/formats/vpc-flow')).vpcFlow,
  cloudtrail: async () => (await import('@flowferry/core/formats/cloudtrail')).cloudTrail,
  cloudfront: async () => (await import('@flowferry/core/formats/cloudfront')).cloudFront,
  rejected: async () => (await import('@flowferry/core')).rejectedDocuments,
}

/** The parser of one format, or one that finds out for each file which of them it is. */
export async function parserFor(name?: FormatName): Promise<Parser<unknown>> {
  if (name) return parsers[name]()
  return detect(await Promise.all(formatNames.map((each) => parsers[each]())))
}
