// One measurement in a process of its own: node row.mjs WAY INPUT FILE [SINK]; prints JSON.
import { createReadStream } from 'node:fs'
import { createGunzip } from 'node:zlib'

const [, , way, input, file, node] = process.argv
const chunk = 256 * 1024

async function gunzip() {
  let bytes = 0
  const stream = createReadStream(file, { highWaterMark: chunk }).pipe(createGunzip({ chunkSize: chunk }))
  for await (const piece of stream) bytes += piece.length
  return { bytes }
}

/** What anybody does with lines of JSON before all else. */
async function parsed() {
  const { inflatedLines } = await import('./bodies.mjs')
  return async () => {
    let records = 0
    // An envelope of log events is a line.
    for await (const line of inflatedLines(file)) records += JSON.parse(line).logEvents?.length ?? 1
    return { records }
  }
}

// What a way does not need is not loaded: it would count as memory.
const load = async (way) => {
  if (way === 'gunzip') return gunzip
  if (way === 'plain loop') {
    const { plainLoops } = await import('./plain.mjs')
    return () => plainLoops[input](file)
  }
  if (way === 'JSON.parse') return parsed()
  const [name, engine] = way.split(', ')
  if (engine) {
    const { deliver, helper, ready } = await import('./send.mjs')
    const send = { sent: deliver, helper, ready }[name]
    return (begin) => send(engine, node, file, input, begin)
  }
  const { parse, parseSmall, steps } = await import('./pipeline.mjs')
  if (way === 'small objects') return (begin) => parseSmall(file, input, begin)
  if (way === 'lines()') return () => parse(file, 'own')
  return () => parse(file, input, steps[`${input}: ${way}`] ?? steps[way])
}

const run = await load(way)
let before
let started
const begin = () => {
  before = process.cpuUsage()
  started = performance.now()
}
begin()
const { records, bytes } = await run(begin)
const { user, system } = process.cpuUsage(before)
const seconds = (performance.now() - started) / 1000
console.log(
  JSON.stringify({ records, bytes, cpu: (user + system) / 1e6, seconds, peak: process.resourceUsage().maxRSS / 1024 }),
)
