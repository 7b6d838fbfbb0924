// Inflating: the chunk size of createGunzip, and gunzipSync for small objects.
import { readFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { createGunzip, gunzipSync } from 'node:zlib'
import { input } from '../inputs/make.mjs'

export const unit = 'record'

export async function tasks() {
  const all = []
  for (const count of [1000, 10_000, 100_000]) {
    const stored = readFileSync(await input('vpc-flow', count))
    for (const kibibytes of [16, 64, 256, 1024])
      all.push({
        name: `${count} records, createGunzip, ${kibibytes} KiB`,
        count,
        run: async () => {
          const gunzip = Readable.from([stored]).pipe(createGunzip({ chunkSize: kibibytes * 1024 }))
          for await (const _ of gunzip) {
            // Inflated and dropped.
          }
        },
      })
    all.push({ name: `${count} records, gunzipSync`, count, run: () => gunzipSync(stored) })
  }
  return all
}
