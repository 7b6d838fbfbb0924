// What somebody writes who knows the store's language, as a process of its own: node answers-plain.mjs JSON; prints JSON.
const { store, target, query } = JSON.parse(process.argv[2])

const rows = await (store === 'duckdb' ? sql() : search())
const { user, system } = process.cpuUsage()
const peak = process.resourceUsage().maxRSS / 1024
const plain = (_, value) => (typeof value === 'bigint' ? Number(value) : value)
console.log(JSON.stringify({ rows, cpu: (user + system) / 1e6, peak }, plain))
process.exit()

async function sql() {
  const { DuckDBInstance } = await import('@duckdb/node-api')
  const instance = await DuckDBInstance.create(target, { access_mode: 'READ_ONLY' })
  const connection = await instance.connect()
  return (await connection.runAndReadAll(query)).getRowObjectsJS()
}

async function search() {
  const { createClient } = await import('./send.mjs')
  const response = await createClient(store, target).transport.request(
    { method: 'POST', path: '/logs-aws.vpcflow-*/_search', body: query },
    { meta: true, requestTimeout: 60_000 },
  )
  return response.body.aggregations.records.buckets
}
