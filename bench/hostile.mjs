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
    const ratio = Math.min(...all.map(({ ratio }) => ratio))
    rows.push({ name, what, ratio, held: Math.min(...held), most: Math.max(...held), outcome: all[0].outcome })
    process.stderr.write(`hostile: ${name}: ${figure(Math.min(...held))} ms\n`)
  }
  rows.sort((a, b) => b.ratio - a.ratio)
  const text = `${provenance(command)} The longest turn of the event loop, in ms, while \`ingest\` reads one file that is as hostile as the default limits let pass, into a bulk sink that answers at once; least of the runs and, in brackets, the most; before it the ratio to \`JSON.parse\` of as many bytes of CloudTrail's events in the same process, which the goal is of. \`node bench/rows/hostile.mjs NAME BYTES VALUES\`.

${table(
  ['file', 'what it holds', 'to JSON.parse', 'ms', 'outcome'],
  rows.map(({ name, what, ratio, held, most, outcome }) => [
    name,
    what,
    figure(ratio),
    `${figure(held)} (${figure(most)})`,
    outcome,
  ]),
)}`
  return { results: { hostile: rows[0].ratio }, sections: { 'Hostile files': text } }
}
