import { expect, test } from 'vitest'
import { fixtures } from '../../../../test/support/fixtures.ts'
import { detect } from '../detect.ts'
import { formats } from '../formats/index.ts'
import { parseContext } from '../read/limits.ts'
import { collect, memoryObject } from '../testing/index.ts'
import { cloudWatchLogs } from './cloudwatch-logs.ts'

const parsers = await Promise.all(Object.values(formats).map((load) => load()))
const all = cloudWatchLogs(detect(parsers))

/** Files whose columns a header names, or nobody: CloudWatch Logs has no header line. */
const named = fixtures.filter(({ name }) =>
  /^(vpc-flow|transit-gateway|transit-gateway-custom|cloudfront\w*(-24|-comma)?|cloudfront-connection|network-firewall-proxy-w3c|vended-w3c|cloudfront-real-time)\.log$/.test(
    name,
  ),
)
const known = fixtures.filter((one) => !named.includes(one))

test.each(known)(
  'the records of $name are the same in an envelope, and in a file of an export task',
  async ({ parser, text, key }) => {
    const plain = await collect(parser, memoryObject({ key, body: text }))
    const messages: string[] = []
    for await (const batch of parser.parse(memoryObject({ key, body: text }), parseContext({ originals: true })))
      for (let index = 0; index < batch.length; index++) messages.push(batch.original!(index))
    expect(messages).toHaveLength(plain.documents.length)
    const envelope = JSON.stringify({
      messageType: 'DATA_MESSAGE',
      owner: '123456789012',
      logGroup: 'group',
      logStream: 'stream',
      subscriptionFilters: [],
      logEvents: messages.map((message, id) => ({ id: String(id), timestamp: 1_764_493_260_000, message })),
    })
    const exported = messages.map((message) => `2026-11-30T09:01:00.000Z ${message.trimEnd()}\n`).join('')
    for (const body of [envelope, exported]) {
      const { documents, malformed, unknownFields } = await collect(all, memoryObject({ key: 'x', body }))
      expect(malformed).toEqual([])
      expect(documents).toEqual(plain.documents)
      expect(unknownFields).toEqual(plain.unknownFields)
    }
  },
)
