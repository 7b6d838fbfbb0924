import { type Io, line } from '../io.ts'
import { bytes, count, table } from '../text.ts'
import { type Figure, type Section, sections, sumOf, type Unit } from './figure.ts'

/** The answer as tables, one a section, each with its sum. */
export function printFigures(io: Io, figures: readonly Figure[]): void {
  for (const [section, title] of Object.entries(sections) as [Section, string][]) {
    const own = figures.filter((figure) => figure.section === section)
    const priced = own.some(({ dollars }) => dollars !== undefined)
    line(io.stdout, title)
    for (const text of table(own.map((figure) => row(figure, priced)))) line(io.stdout, text)
    const { dollars, whole } = sumOf(figures, section)
    if (priced) line(io.stdout, `  in all ${whole ? '' : 'at least '}$${dollars.toFixed(2)}`)
    line(io.stdout)
  }
  const words = (name: string, ...parts: Section[]) => {
    const sums = parts.map((section) => sumOf(figures, section))
    const dollars = sums.reduce((total, sum) => total + sum.dollars, 0)
    return `${name} ${sums.every(({ whole }) => whole) ? '' : 'at least '}$${dollars.toFixed(2)}`
  }
  const ways = [
    words('S3 and Lambda', 'delivery', 'lambda'),
    words('S3 and Athena', 'delivery', 'athena'),
    words('CloudWatch Logs', 'cloudWatch'),
  ]
  line(io.stdout, ways.join(', '))
}

function row(
  { name, value, unit, dollars, origin, price = '' }: Figure,
  priced: boolean,
): Record<string, string | number> {
  return {
    what: name,
    amount: value === undefined ? 'unknown' : amount(value, unit),
    ...(priced && { $: dollars === undefined ? '' : dollars.toFixed(4) }),
    'where it is from': origin,
    ...(priced && { price }),
  }
}

function amount(value: number, unit: Unit): string | number {
  if (unit === 'bytes') return bytes(value)
  if (unit === 'byte-months') return `${bytes(value)}-months`
  const rounded = value < 10 ? Math.round(value * 10) / 10 : Math.round(value)
  return unit === 'seconds' ? `${count(rounded)} s` : unit === 'GB-seconds' ? `${count(rounded)} GB-s` : rounded
}
