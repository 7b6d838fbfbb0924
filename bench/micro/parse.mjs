// What a record costs after gunzip: found (scanned), as bytes of a bulk body, as an object.
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { ingest, parseContext } from '@flowferry/core'
import { cloudFront } from '@flowferry/core/formats/cloudfront'
import { cloudTrail } from '@flowferry/core/formats/cloudtrail'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { memoryObject, memorySource } from '@flowferry/core/testing'
import { input } from '../inputs/make.mjs'
import { droppingSink } from '../rows/pipeline.mjs'

const formats = { 'vpc-flow': vpcFlow, cloudfront: cloudFront, cloudtrail: cloudTrail }
const count = 5000

export const unit = 'record'

export async function tasks() {
  const all = await Promise.all(
    Object.entries(formats).map(async ([name, parser]) => {
      const body = gunzipSync(readFileSync(await input(name, count)))
      const object = memoryObject({ key: name, body, chunkBytes: 256 * 1024 })
      const { sink } = droppingSink()
      const each = async (use) => {
        for await (const batch of parser.parse(object, parseContext()))
          for (let index = 0; index < batch.length; index++) use(batch, index)
      }
      return [
        {
          name: `${name}: parse only`,
          count,
          run: async () => {
            for await (const _ of parser.parse(object, parseContext())) {
              // Nothing is asked of the batch.
            }
          },
        },
        {
          name: `${name}: parse + encode`,
          count,
          run: () => ingest({ source: memorySource(object), parser, sink }),
        },
        { name: `${name}: parse + view of each record`, count, run: () => each((batch, i) => batch.view?.(i)) },
        { name: `${name}: parse + document of each record`, count, run: () => each((batch, i) => batch.document(i)) },
      ]
    }),
  )
  return all.flat()
}
