// What the plain loops share: lines of a gzip file, and bulk bodies.
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { createGunzip } from 'node:zlib'

const bodyBytes = 5 * 1024 * 1024
const chunkSize = 256 * 1024

/** Bulk bodies of some 5 MB, made and dropped. `keep` gets each document's text. */
export function bulkBodies(dataset, keep) {
  const prefix = createHash('sha256').update('bench').digest('base64url').slice(0, 22)
  let lines = []
  let length = 0
  const total = { records: 0, bytes: 0 }
  const send = () => {
    total.bytes += Buffer.from(lines.join('')).length
    lines = []
    length = 0
  }
  return {
    total,
    send,
    add: (document) => {
      const text = JSON.stringify(document)
      keep?.(text)
      const id = prefix + (total.records++).toString(36)
      const line = `{"create":{"_index":"logs-${dataset}-default","_id":"${id}"}}\n${text}\n`
      lines.push(line)
      length += line.length
      if (length > bodyBytes) send()
    },
  }
}

export const inflatedLines = (file) =>
  createInterface({ input: createReadStream(file, { highWaterMark: chunkSize }).pipe(createGunzip({ chunkSize })) })
