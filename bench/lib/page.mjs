// RESULTS.md: each command writes its own goals and sections, and leaves those of the others.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus } from 'node:os'
import { goals } from './goals.mjs'

const titles = [
  'Goals',
  'Flow logs',
  'CloudFront and CloudTrail',
  'Load balancers and S3',
  'WAF and Resolver',
  'Envelopes',
  'JSON lines',
  'Delivered',
  'Cold start and size',
  'Memory',
  'Parquet',
  'DuckDB',
  'Hostile files',
  'Straight over the archive',
  'Answers over DuckDB',
  'Answers over Elasticsearch',
  'Answers over OpenSearch',
  'End to end',
  'What an index costs',
  'Worker threads',
]
const intro = `# Results

Written by the commands that stand at each table. CPU is user and system seconds per million records, the least of the runs and, in brackets, the most: they move by 10 to 30 %, so a ratio is the middle of those between rows of one run, which were interleaved. The inputs are made by \`bench/inputs\`, the same on every machine.
`

export const table = (head, rows) =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')

/** What ran, where and when: the first line of a section. */
export const provenance = (command) =>
  `\`${command}\`: Node ${process.version}, ${availableParallelism()} cores of ${cpus()[0].model.trim()}, ${new Date().toISOString().slice(0, 10)}.`

/** Significant figures, as many as the runs allow. */
export const figure = (value) => (value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2))

/** @param results Goal's id to the figure that was reached. @param sections Title to text. */
export function writePage(path, results, sections) {
  const page = existsSync(path) ? readFileSync(path, 'utf8') : ''
  const known = new Map(
    page
      .split(/^## /m)
      .slice(1)
      .map((section) => [section.slice(0, section.indexOf('\n')), section.slice(section.indexOf('\n')).trim()]),
  )
  const before = (known.get('Goals') ?? '').split('\n')
  const rows = goals.map(({ id, what, most, least, unit, command }) => {
    const goal = `${most === undefined ? `≥ ${least}` : `≤ ${most}`} ${unit}`
    const value = results[id]
    const ofBefore = (line) => line.startsWith(`| ${what} | `) && line.endsWith(` \`${command}\` |`)
    if (value === undefined) return before.find(ofBefore) ?? `| ${what} | ${goal} | not measured |  | \`${command}\` |`
    const reached = most === undefined ? value >= least : value <= most
    return `| ${what} | ${goal} | ${figure(value)} | ${reached ? 'yes' : '**no**'} | \`${command}\` |`
  })
  const goalTable = [table(['what', 'goal', 'result', 'reached', 'command'], []), ...rows].join('\n')
  const all = new Map([...known, ...Object.entries(sections), ['Goals', goalTable]])
  const text = titles.filter((title) => all.has(title)).map((title) => `## ${title}\n\n${all.get(title)}\n`)
  writeFileSync(path, [intro, ...text].join('\n'))
}
