/** A log file as AWS would deliver it, not yet compressed. */
export interface SampleFile {
  /** As AWS names it: `AWSLogs/…`. */
  readonly key: string
  /** Table of the embedded store that its documents go to. */
  readonly table: 'aws_vpcflow' | 'aws_cloudtrail' | 'aws_cloudfront_logs'
  readonly text: string
  readonly records: number
}
