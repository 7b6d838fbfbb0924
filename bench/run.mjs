// Makes its inputs, runs every row several times in processes of their own, interleaved, and writes RESULTS.md:
//   npm run bench [-- RUNS]
import { execFileSync } from 'node:child_process'
import { statSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { makeFile } from './generate.mjs'

const runs = Number(process.argv[2] ?? 5)
const here = (path) => fileURLToPath(new URL(path, import.meta.url))
const inputs = {
  'vpc-flow': { records: 1_000_000, file: here('../.cache/bench/vpc-flow-1m.log.gz') },
  cloudfront: { records: 300_000, file: here('../.cache/bench/cloudfront-300k.gz') },
  cloudtrail: { records: 100_000, file: here('../.cache/bench/cloudtrail-100k.json.gz') },
}
const rows = [
  ['vpc-flow', 'gunzip'],
  ['vpc-flow', 'plain loop'],
  ['vpc-flow', 'flowferry'],
  ['vpc-flow', 'flowferry, interpreted'],
  ['vpc-flow', 'filter'],
  ['vpc-flow', 'enrich'],
  ['cloudfront', 'gunzip'],
  ['cloudfront', 'flowferry'],
  ['cloudtrail', 'gunzip'],
  ['cloudtrail', 'flowferry'],
]

for (const [format, { file, records }] of Object.entries(inputs)) {
  process.stderr.write(`input ${format}, ${records} records\n`)
  await makeFile(file, format, records)
}

const measured = rows.map(() => [])
for (let run = 0; run < runs; run++)
  for (const [index, [format, way]] of rows.entries()) {
    // A process that forbids code from strings runs the programs step by step.
    const [name, interpreted] = way.split(', ')
    const flags = interpreted ? ['--import', 'data:text/javascript,delete globalThis.WebAssembly'] : []
    const output = execFileSync(process.execPath, [...flags, here('row.mjs'), name, format, inputs[format].file], {
      encoding: 'utf8',
    })
    measured[index].push(JSON.parse(output))
    process.stderr.write(`run ${run + 1} of ${runs}: ${format}, ${way}\n`)
  }

const least = (values) => values.reduce((a, b) => Math.min(a, b))
const most = (values) => values.reduce((a, b) => Math.max(a, b))
const cells = rows.map(([format, way], index) => {
  const { records, file } = inputs[format]
  const cpu = measured[index].map((one) => (one.cpu / records) * 1e6)
  const seconds = least(measured[index].map((one) => one.seconds))
  return {
    format,
    way,
    cpu: least(cpu),
    worst: most(cpu),
    megabytes: statSync(file).size / 1e6 / seconds,
    peak: most(measured[index].map(({ peak }) => peak)),
    bytes: measured[index][0].bytes / records,
  }
})
const of = (format, way) => cells.find((cell) => cell.format === format && cell.way === way)
const ratio = (cell, way) => {
  const other = of(cell.format, way)
  return other && other !== cell ? (cell.cpu / other.cpu).toFixed(2) : ''
}
const lines = cells.map((cell) =>
  [
    cell.format,
    cell.way,
    `${cell.cpu.toFixed(2)} (${cell.worst.toFixed(2)})`,
    ratio(cell, 'gunzip'),
    ratio(cell, 'plain loop'),
    cell.megabytes.toFixed(1),
    cell.peak.toFixed(0),
    cell.way === 'gunzip' ? '' : cell.bytes.toFixed(0),
  ].join(' | '),
)
const page = `# Results

Written by \`npm run bench\`: ${runs} runs of each row, in processes of their own, interleaved. Node ${process.version}, ${availableParallelism()} cores of ${cpus()[0].model.trim()}, ${new Date().toISOString().slice(0, 10)}.
CPU is user and system seconds per million records, the least of the runs and, in brackets, the most. Ratios are between the least of the same run. What is written goes to a sink that counts bulk bytes and drops them: no HTTP. \`gunzip\` inflates the same file and does nothing else; \`plain loop\` is readline, split, an object and JSON.stringify.

| input | way | CPU s per million | to gunzip | to plain loop | MB/s of gzip | peak MB | bytes out a record |
|---|---|---|---|---|---|---|---|
${lines.map((line) => `| ${line} |`).join('\n')}
`
writeFileSync(here('RESULTS.md'), page)
console.log(page)
