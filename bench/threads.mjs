// Whether worker threads pay on this machine's cores.
import { input } from './inputs/make.mjs'
import { interleaved, least, most, runScript, startNullSink } from './lib/measure.mjs'
import { figure, provenance, table } from './lib/page.mjs'

const ways = [
  'one thread, 2 objects at once',
  'one thread, 4 objects at once',
  'two worker threads, 2 objects at once each',
  'two processes, 2 objects at once each',
]
const objects = 8

export async function threads(runs, command, only) {
  const each = only ?? 125_000
  const file = await input('vpc-flow', each)
  const sink = await startNullSink()
  const cases = ways.flatMap((way) => [
    { name: `${way}, parsed`, way },
    { name: `${way}, sent`, way, node: sink.url },
  ])
  const measurements = cases.map(({ name, way, node }) => ({
    name,
    measure: async () => {
      const result = await runScript('rows/threads.mjs', [JSON.stringify({ way, file, objects, node })])
      if (result.records !== each * objects) throw new Error(`${name}: ${result.records} records`)
      return result
    },
  }))
  try {
    const results = await interleaved(measurements, runs)
    const secondsOf = (name) => least(results.get(name).map(({ seconds }) => seconds))
    const rows = cases.map(({ name }) => {
      const all = results.get(name)
      const base = `${ways[0]}, ${name.split(', ').at(-1)}`
      return [
        name,
        figure((secondsOf(name) / (each * objects)) * 1e6),
        figure(secondsOf(name) / secondsOf(base)),
        figure(least(all.map(({ cpu }) => (cpu / (each * objects)) * 1e6))),
        most(all.map(({ peak }) => peak)).toFixed(0),
      ]
    })
    const head = ['way', 'seconds per million', 'to one thread', 'CPU s per million', 'peak MB, of all processes']
    return {
      results: {},
      sections: {
        'Worker threads': `${provenance(command)} ${objects} objects of ${each} flow records, shared out in advance; \`node bench/rows/threads.mjs JSON\`. \`sent\` goes to the null sink, a further process on the same cores.\n\n${table(head, rows)}`,
      },
    }
  } finally {
    sink.close()
  }
}
