/** Apart from the parsers, which load only when a command reads. */
export const archiveFormatNames = ['vpc-flow', 'cloudtrail', 'cloudfront'] as const
/** What an archive of AWS's holds. */
export type ArchiveFormatName = (typeof archiveFormatNames)[number]

/** What `--format` takes: these, and documents that a store refused. */
export const formatNames = [...archiveFormatNames, 'rejected'] as const
export type FormatName = (typeof formatNames)[number]
