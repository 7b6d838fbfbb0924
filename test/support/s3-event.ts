/** What S3 tells of new objects, as a message's body has it, with what every reader of such events needs. */
export function s3Event(bucket: string, ...keys: readonly string[]): string {
  return JSON.stringify({
    Records: keys.map((key) => ({
      eventVersion: '2.1',
      eventSource: 'aws:s3',
      eventName: 'ObjectCreated:Put',
      s3: { bucket: { name: bucket }, object: { key } },
    })),
  })
}
