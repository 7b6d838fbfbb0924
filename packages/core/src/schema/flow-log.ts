import { type Derived, ofBatch } from './derive.ts'

/**
 * The flow log that wrote a file, of the file's name: `<account>_vpcflowlogs_<region>_<flow log>_<time>_<hash>.log.gz`. One
 * may keep accepted traffic alone and another all, and an interface may be of several.
 * https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-path.html
 *
 * @returns nothing for a file that was named by somebody else
 */
export const flowLogIn = (key: string): string | undefined => /_(fl-[0-9a-f]{8,17})_\d{8}T\d{4}Z_[^/]*$/.exec(key)?.[1]

/** The same as a value of each record. */
export const flowLogId = (target: Parameters<typeof ofBatch>[0]): Derived =>
  ofBatch(target, ({ key }) => flowLogIn(key))
