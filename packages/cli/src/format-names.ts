/** What `--format` takes. Apart from the parsers, which load only when a command reads. */
export const formatNames = ['vpc-flow', 'cloudtrail', 'cloudfront', 'rejected'] as const
export type FormatName = (typeof formatNames)[number]
