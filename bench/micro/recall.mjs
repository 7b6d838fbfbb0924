// What remembering repeated values is worth: the same flow records with values that repeat, and that never do.
import { ingest } from '@flowferry/core'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { memoryObject, memorySource } from '@flowferry/core/testing'
import { vpcFlow as flowLog } from '../inputs/vpc-flow.mjs'
import { droppingSink } from '../rows/pipeline.mjs'

const count = 20_000
const columns = { srcaddr: 3, dstaddr: 4, start: 10, end: 11 }

export const unit = 'record'

export async function tasks() {
  const [header, ...lines] = [...flowLog(count)].map((line) => line.trimEnd().split(' '))
  const unique = (line, index) => ({
    address: `${10 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}.7`,
    time: String(Number(line[columns.start]) + index),
  })
  const changed = (names, make) =>
    lines.map((line, index) => line.map((value, i) => (names.includes(i) && value !== '-' ? make(line, index) : value)))
  const variants = {
    'as generated': lines,
    'every address new': changed([columns.srcaddr, columns.dstaddr], (line, index) => unique(line, index).address),
    'every time new': changed([columns.start, columns.end], (line, index) => unique(line, index).time),
    'one address, one time': changed(Object.values(columns), (line) => line[columns.start]).map((line) =>
      line.map((value, i) => (i === columns.srcaddr || i === columns.dstaddr ? '10.0.0.1' : value)),
    ),
  }
  const { sink } = droppingSink()
  return Object.entries(variants).map(([name, values]) => {
    const body = [header, ...values].map((line) => `${line.join(' ')}\n`).join('')
    const source = memorySource(memoryObject({ key: 'flow.log', body, chunkBytes: 256 * 1024 }))
    return { name, count, run: () => ingest({ source, parser: vpcFlow, sink }) }
  })
}
