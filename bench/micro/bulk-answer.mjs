// What reading an answer to `_bulk` costs, for 5,000 documents that all went well.
import { readBulkResponse } from '@flowferry/search'

const count = 5000
const item =
  '{"create":{"_index":".ds-logs-aws.vpcflow-default-2026.11.22-000001","_id":"AAAAAAAAAAAAAAAAAAAAAA1a2b","_version":1,"result":"created","_shards":{"total":2,"successful":1,"failed":0},"_seq_no":1000000,"_primary_term":1,"status":201}}'
const answer = (one) => Buffer.from(`{"errors":false,"items":[${Array(count).fill(one).join(',')}]}`)

export const unit = 'document'

export async function tasks() {
  const full = answer(item)
  const filtered = answer('{"create":{"result":"created","status":201}}')
  const parsed = (bytes) => () => {
    if (JSON.parse(bytes.toString()).errors) throw new Error('errors')
  }
  return [
    { name: 'JSON.parse of the whole answer', count, run: parsed(full) },
    { name: 'JSON.parse of results and statuses (filter_path)', count, run: parsed(filtered) },
    { name: 'the same, as a string', count, run: () => filtered.toString() },
    {
      name: 'readBulkResponse',
      count,
      run: async () => {
        const { created } = await readBulkResponse(200, {}, [filtered])
        if (created !== count) throw new Error('not all are created')
      },
    },
  ]
}
