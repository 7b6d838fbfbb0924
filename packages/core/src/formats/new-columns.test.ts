import { describe, expect, test } from 'vitest'
import { fixtures } from '../../../../test/support/fixtures.ts'
import { detect } from '../detect.ts'
import { FlowferryError } from '../errors.ts'
import { collect, memoryObject } from '../testing/index.ts'
import { cloudFront } from './cloudfront.ts'
import { cloudFrontRealTime } from './cloudfront-real-time.ts'
import { transitGateway } from './transit-gateway.ts'
import { vpcFlow } from './vpc-flow.ts'

const parser = detect([vpcFlow, transitGateway, cloudFront, cloudFrontRealTime])
const read = (body: string) => collect(parser, memoryObject({ key: 'a', body }))

describe.each([
  ['transit-gateway-default', ' ', 37],
  ['cloudfront-real-time', '\t', 70],
] as const)('columns that AWS adds to %s, whose files do not name theirs', (name, delimiter, first) => {
  const { text, expected } = fixtures.find((one) => one.name === `${name}.log`)!
  const lines = text.trimEnd().split('\n')
  const withColumns = (...values: string[]) => `${lines.map((line) => [line, ...values].join(delimiter)).join('\n')}\n`

  test('are kept and counted, in each record', async () => {
    const { documents, malformed, unknownFields } = await read(withColumns('new', '2027'))
    expect(malformed).toEqual([])
    expect(documents).toHaveLength(expected.length)
    expect(unknownFields).toMatchObject({ [`field_${first}`]: lines.length, [`field_${first + 1}`]: lines.length })
    const kept = Object.values((documents[0] as { aws: Record<string, object> }).aws)[0]
    expect(kept).toMatchObject({ [`field_${first}`]: 'new', [`field_${first + 1}`]: '2027' })
  })

  test('are nothing where AWS announces them', async () => {
    const { documents, unknownFields } = await read(withColumns('-'))
    const plain = await read(text)
    expect(documents).toEqual(plain.documents)
    expect(unknownFields).toEqual(plain.unknownFields)
  })

  test('are needed in no line, and none of the others may lack', async () => {
    const { documents, malformed } = await read(`${withColumns('new')}${lines[0]!.replace(/\S+$/, '').trimEnd()}\n`)
    expect([documents.length, malformed.length]).toEqual([lines.length, 1])
    const error = await read(`${lines[0]!.replace(/\S+$/, '').trimEnd()}\n`).catch((error: unknown) => error)
    expect(error).toBeInstanceOf(FlowferryError)
    expect(error).toMatchObject({ code: 'FORMAT_UNKNOWN' })
  })
})
