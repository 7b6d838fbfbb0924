// Measures, and writes RESULTS.md:
//   npm run bench [-- RUNS]              CPU of every way, cold start and size; some 5 minutes for 3 runs
//   npm run bench -- check               everything with a handful of records, RESULTS.md untouched
import { fileURLToPath } from 'node:url'
import { writePage } from './lib/page.mjs'

const commands = {
  speed: async (runs, command, only) => (await import('./speed.mjs')).speed(runs, command, only),
}

const [first, second] = process.argv.slice(2)
const what = /^\d+$/.test(first ?? '3') ? 'speed' : first
const runs = Number((what === first ? second : first) ?? 3)
if (!(what in commands) || !Number.isSafeInteger(runs) || runs < 1) {
  console.error(`usage: npm run bench [-- [${Object.keys(commands).join(' | ')}] [RUNS]]`)
  process.exit(2)
}
const page = fileURLToPath(new URL('RESULTS.md', import.meta.url))
const command = `npm run bench -- ${process.argv.slice(2).join(' ')}`.replace(/ -- $/, '')
const { results, sections } = await commands[what](runs, command)
writePage(page, results, sections)
console.log(`written to ${page}`)
