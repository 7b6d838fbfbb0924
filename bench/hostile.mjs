// The longest time for which one file of hostile records holds the event loop: npm run bench -- hostile.
import { parseContext } from '@flowferry/core'
import { hostileFiles } from './inputs/hostile.mjs'
import { runScript } from './lib/measure.mjs'
import { figure, provenance, table } from './lib/page.mjs'

/** What stands around the hostile members is counted with them. */
const around = 60

/** @param only So many values and bytes instead of what the default limits let pass, for a quick look. */
export async function hostile(runs, command, only) {
  const { limits } = parseContext()
  const [bytes, values] = only ? [only, only] : [limits.recordBytes, limits.values - around]
  const rows = []
  for (const { name, what } of hostileFiles) {
    const all = []
    for (let run = 0; run < runs; run++)
      all.push(await runScript('rows/hostile.mjs', [name, String(bytes), String(values)]))
    const held = all.map(({ held }) => held)
    rows.push({ name, what, held: Math.min(...held), most: Math.max(...held), outcome: all[0].outcome })
    process.stderr.write(`hostile: ${name}: ${figure(Math.min(...held))} ms\n`)
  }
  rows.sort((a, b) => b.held - a.held)
  const text = `${provenance(command)} The longest turn of the event loop, in ms, while \`ingest\` reads one file that is as hostile as the default limits let pass, into a bulk sink that answers at once; least of the runs and, in brackets, the most. \`node bench/rows/hostile.mjs NAME BYTES VALUES\`.

${table(
  ['file', 'what it holds', 'ms', 'outcome'],
  rows.map(({ name, what, held, most, outcome }) => [name, what, `${figure(held)} (${figure(most)})`, outcome]),
)}`
  return { results: { hostile: rows[0].held }, sections: { 'Hostile files': text } }
}
