import { detect, ingest, type Sink } from '@flowferry/core'
import { cloudFront } from '@flowferry/core/formats/cloudfront'
import { cloudTrail } from '@flowferry/core/formats/cloudtrail'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { memoryObject, memorySource } from '@flowferry/core/testing'
import { generate } from '../../examples/demo/src/samples/generate.ts'

export const parser = detect([vpcFlow, cloudTrail, cloudFront])
export const own = ['10.20.0.0/16', '2001:db8:20:1::/64']
/** Some days after the demo's hour, so that its data is old. */
export const now = () => new Date('2026-12-01T12:00:00Z')

/** The hour of the demo, into a store. */
export async function fill(sink: Sink<unknown>): Promise<void> {
  const objects = generate().map(({ key, text }) => memoryObject({ key, body: text }))
  const { counts } = await ingest({ source: memorySource(...objects), parser, sink })
  if (counts.written !== counts.read) throw new Error(`The demo's data is not written: ${JSON.stringify(counts)}`)
}
