// What an id costs: an object's prefix and a position, against a hash for each record.
import { createHash, randomUUID } from 'node:crypto'

const count = 10_000
const line =
  '2 123456789012 eni-0123456789abcdef0 10.0.1.2 10.0.3.4 443 51234 6 10 8400 1790000000 1790000060 ACCEPT OK'

export const unit = 'id'

export async function tasks() {
  const prefix = createHash('sha256').update('bucket\0key\0etag').digest('base64url').slice(0, 22)
  const each = (make) => () => {
    let kept = 0
    for (let ordinal = 0; ordinal < count; ordinal++) kept += make(ordinal).length
    return kept
  }
  const hash = (name) => (ordinal) => createHash(name).update(`${line}${ordinal}`).digest('base64url')
  return [
    { name: 'prefix + ordinal in base 36', count, run: each((ordinal) => prefix + ordinal.toString(36)) },
    { name: 'randomUUID, which doubles what comes twice', count, run: each(() => randomUUID()) },
    { name: 'SHA-1 of the line', count, run: each(hash('sha1')) },
    { name: 'SHA-256 of the line', count, run: each(hash('sha256')) },
  ]
}
