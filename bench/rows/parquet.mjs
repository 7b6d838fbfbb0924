// One reading of a Parquet file in a process of its own: node parquet.mjs hyparquet|documents FILE; prints JSON.
// `hyparquet` reads its columns, row group by row group, and drops them; `documents` makes bulk bodies, and drops those.
import { open, stat } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { gunzipSync } from 'node:zlib'

const [, , way, file] = process.argv
const { size } = await stat(file)
const handle = await open(file)
const slice = async (start, end = size) => {
  const bytes = Buffer.allocUnsafeSlow(end - start)
  await handle.read(bytes, 0, end - start, start)
  return bytes
}

async function columns() {
  const { parquetMetadataAsync, parquetRead } = await import('hyparquet')
  const source = { byteLength: size, slice: async (start, end) => (await slice(start, end)).buffer }
  const metadata = await parquetMetadataAsync(source)
  const compressors = { GZIP: (bytes, length) => gunzipSync(bytes, { maxOutputLength: length }) }
  let records = 0
  let values = 0
  for (const { num_rows: rows } of metadata.row_groups) {
    const rowStart = records
    records += Number(rows)
    const onChunk = ({ columnData }) => {
      values += columnData.length
    }
    await parquetRead({ file: source, metadata, rowStart, rowEnd: records, compressors, onChunk })
  }
  return { records, bytes: values }
}

async function documents() {
  const { ingest } = await import('@flowferry/core')
  const { vpcFlow } = await import('@flowferry/core/formats/vpc-flow')
  const { parquet } = await import('@flowferry/parquet')
  const { droppingSink } = await import('./pipeline.mjs')
  const object = {
    bucket: 'bench',
    key: file,
    open: async (range) => {
      const start = 'last' in range ? Math.max(0, size - range.last) : range.start
      const bytes = await slice(start, range.end === undefined ? size : range.end + 1)
      return { etag: 'bench', body: Readable.from([bytes]) }
    },
  }
  const { sink, total } = droppingSink()
  const report = await ingest({ source: [{ objects: [object] }], parser: parquet(vpcFlow), sink })
  if (!report.ok) throw report.messages[0].objects[0].error
  return { records: report.counts.read, bytes: total.bytes }
}

const before = process.cpuUsage()
const { records, bytes } = await { hyparquet: columns, documents }[way]()
const { user, system } = process.cpuUsage(before)
console.log(JSON.stringify({ records, bytes, cpu: (user + system) / 1e6, peak: process.resourceUsage().maxRSS / 1024 }))
