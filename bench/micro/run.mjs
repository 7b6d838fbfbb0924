// Microbenchmarks of the hot units: npm run bench:micro [-- NAME…]. Wall time of one thread: for two ways side by side
// on an idle machine, not for goals.
import { readdirSync } from 'node:fs'
import { Bench } from 'tinybench'

const names = readdirSync(new URL('.', import.meta.url)).filter((name) => name !== 'run.mjs')
const wanted = process.argv.slice(2)
const milliseconds = Number(process.env.BENCH_MICRO_MILLISECONDS ?? 500)

for (const name of names) {
  if (wanted.length > 0 && !wanted.includes(name.replace('.mjs', ''))) continue
  const { unit, tasks } = await import(`./${name}`)
  const bench = new Bench({ time: milliseconds, warmupTime: milliseconds / 2 })
  const all = await tasks()
  for (const { name, run } of all) bench.add(name, run)
  await bench.run()
  console.log(`\n${name}: ns per ${unit}`)
  console.table(
    Object.fromEntries(
      bench.tasks.map(({ name, result }, index) => {
        if (result.state !== 'completed') throw result.error ?? new Error(`${name} ended as ${result.state}`)
        const per = (time) => Number(((time * 1e6) / all[index].count).toPrecision(3))
        return [name, { least: per(result.latency.min), median: per(result.latency.p50) }]
      }),
    ),
  )
}
