import type { ErrorCode } from '@flowferry/core'
import type { ReadOptions } from '@flowferry/source-s3'

/** Objects that a command may do without: they are counted as skipped, and not as failed. */
export interface Skips {
  /** Of no known format. @default false */
  readonly skipUnknown?: boolean
  /** In an archive tier of S3. @default false */
  readonly skipArchived?: boolean
}

/** The same for objects on S3. */
export const skipsOf = ({ skipUnknown, skipArchived }: Skips): Pick<ReadOptions, 'unknown' | 'archived'> => ({
  ...(skipUnknown && { unknown: 'skip' }),
  ...(skipArchived && { archived: 'skip' }),
})

/** The same for files. */
export const codesToSkip = ({ skipUnknown }: Skips): readonly ErrorCode[] => (skipUnknown ? ['FORMAT_UNKNOWN'] : [])
