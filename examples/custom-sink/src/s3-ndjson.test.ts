import { expect, test } from 'vitest'
import { s3Ndjson } from './s3-ndjson.ts'

// All records of all files would be in one object: `NaN.ndjson.gz`.
test.each([0, 0.5, -1, Number.NaN])('refuses %j records an object', (records) => {
  const s3 = { send: async () => ({}) } as never
  expect(() => s3Ndjson({ s3, bucket: 'documents', prefix: 'logs/', records })).toThrow('INVALID_OPTION')
})
