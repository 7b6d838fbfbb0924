// Bulk bodies of one file in each form that a variant sends, and that a pipeline's documents are the parser's.
import assert from 'node:assert/strict'
import { bodiesOf, fileObject } from '../rows/pipeline.mjs'
import { rawLines } from './flow-pipeline.mjs'
import { parserOf } from './index-variants.mjs'

/** Makes the bodies of a variant, once for all that send the same: with how many documents, and how many bytes is one. */
export function createDocuments(file, parser, namespace) {
  const made = new Map()
  return async (variant) => {
    const reader = variant.documents === 'raw' ? rawLines : parserOf(variant, parser)
    if (!made.has(reader)) {
      const { bodies, records } = await bodiesOf([fileObject(file)], reader, namespace)
      made.set(reader, { bodies, count: records, bytes: documentBytes(bodies) / records })
    }
    return made.get(reader)
  }
}

/** Bytes of all documents, without the actions before them. */
function documentBytes(bodies) {
  let bytes = 0
  for (const body of bodies)
    for (let at = body.indexOf(10); at !== -1; at = body.indexOf(10, at + 1)) {
      const end = body.indexOf(10, at + 1)
      bytes += end - at - 1
      at = end
    }
  return bytes
}

/** Of the first documents: were they others than the parser's, a comparison of their costs would mean nothing. */
export async function assertSameDocuments({ ask, stream }, { bodies }) {
  const lines = bodies[0].toString().split('\n', 2000)
  const parsed = new Map()
  for (let i = 0; i + 1 < lines.length; i += 2) parsed.set(JSON.parse(lines[i]).create._id, JSON.parse(lines[i + 1]))
  const query = { ids: { values: [...parsed.keys()] } }
  const { hits } = await ask('POST', `/${stream}/_search`, { size: parsed.size, query })
  assert.equal(hits.hits.length, parsed.size, "the pipeline's ids are not those of the parser")
  for (const { _id, _source } of hits.hits)
    assert.deepEqual(_source, parsed.get(_id), "the pipeline's document is not that of the parser")
}
