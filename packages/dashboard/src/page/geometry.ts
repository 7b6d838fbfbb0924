import type { Row, Span } from '@flowferry/answers'

/** What a chart draws, from the rows of an answer; no element is in here. */

interface Series {
  readonly name: string
  /** Of each step. Where there is no row a part of a whole is 0, and a line has a gap: NaN. */
  readonly values: readonly number[]
}

export interface Timeline {
  /** Beginnings of the steps, epoch milliseconds. */
  readonly steps: readonly number[]
  /** Milliseconds. */
  readonly every: number
  /** Largest first. */
  readonly series: readonly Series[]
  /** Whether series stand on each other: parts of a whole. Others are lines. */
  readonly isStacked: boolean
  readonly most: number
}

const units = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
/** More colours than these nobody tells apart. */
const mostSeries = 7
export const others = 'others'

/** `5m` in milliseconds. */
export const millisecondsOf = (every: string): number =>
  Number.parseInt(every, 10) * units[every.at(-1) as keyof typeof units]

/**
 * Rows by steps of time: their series are the values of one field or, without it, the measures.
 *
 * @param every Milliseconds of a step
 * @param isStacked Whether several measures are parts of a whole
 */
export function timelineOf(
  rows: readonly Row[],
  {
    span,
    every,
    series: field,
    measures,
    isStacked = field !== undefined || measures.length === 1,
  }: { span: Span; every: number; series?: string; measures: readonly string[]; isStacked?: boolean },
): Timeline {
  const first = Math.floor(Date.parse(span.from) / every) * every
  const count = Math.max(1, Math.ceil((Date.parse(span.to) - first) / every))
  const steps = Array.from({ length: count }, (_, index) => first + index * every)
  const found = new Map<string, number[]>()
  const put = (name: string, step: number, value: unknown) => {
    if (!(step >= 0 && step < count)) return
    let values = found.get(name)
    if (!values) {
      values = new Array<number>(count).fill(isStacked ? 0 : Number.NaN)
      found.set(name, values)
    }
    const number = Number(value ?? Number.NaN)
    if (Number.isFinite(number)) values[step] = number + (values[step]! || 0)
  }
  for (const row of rows) {
    const step = Math.floor((Date.parse(String(row['@timestamp'])) - first) / every)
    if (field === undefined) for (const measure of measures) put(measure, step, row[measure])
    else put(row[field] === null ? 'none' : String(row[field]), step, row[measures[0]!])
  }
  const all = [...found].map(([name, values]) => ({ name, values }))
  const series = field === undefined ? all : folded(all)
  return { steps, every, series, isStacked, most: mostOf(series, count, isStacked) }
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

/** The largest series, and all others as one. */
function folded(all: readonly Series[]): Series[] {
  const bySize = [...all].sort((one, other) => sum(other.values) - sum(one.values) || (one.name < other.name ? -1 : 1))
  if (bySize.length <= mostSeries + 1) return bySize
  const rest = bySize.slice(mostSeries)
  const values = rest[0]!.values.map((_, step) => rest.reduce((total, { values }) => total + values[step]!, 0))
  return [...bySize.slice(0, mostSeries), { name: others, values }]
}

function mostOf(series: readonly Series[], count: number, isStacked: boolean): number {
  let most = 0
  for (let step = 0; step < count; step++) {
    const values = series.map(({ values }) => values[step]!)
    most = Math.max(most, isStacked ? sum(values) : Math.max(0, ...values.filter(Number.isFinite)))
  }
  return most
}

/** The next of 1, 2, 2.5, 5 times a power of ten, so that an axis ends in a round number. */
export function roundUp(value: number): number {
  if (!(value > 0)) return 1
  const power = 10 ** Math.floor(Math.log10(value))
  return ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= value * (1 - 1e-9)) ?? 10) * power
}

/**
 * Each series as one path of bars, however many steps it has: a shape for each would be slow from some thousands on.
 *
 * @param top What the axis ends in
 */
export function barPaths({ steps, series }: Timeline, width: number, height: number, top: number): string[] {
  const base = new Array<number>(steps.length).fill(0)
  const step = width / steps.length
  // Bars of some width stand apart.
  const gap = step > 4 ? 1 : 0
  return series.map(({ values }) => {
    const parts: string[] = []
    for (let index = 0; index < values.length; index++) {
      const value = values[index]!
      if (value <= 0) continue
      const from = (base[index]! / top) * height
      base[index]! += value
      // What is there is seen.
      const tall = Math.max((base[index]! / top) * height - from, 0.75)
      parts.push(`M${round(index * step)} ${round(height - from)}v${round(-tall)}h${round(step - gap)}v${round(tall)}z`)
    }
    return parts.join('')
  })
}

export function linePaths({ steps, series }: Timeline, width: number, height: number, top: number): string[] {
  const step = width / steps.length
  return series.map(({ values }) =>
    values
      .map((value, index) => {
        if (Number.isNaN(value)) return ''
        const begins = index === 0 || Number.isNaN(values[index - 1])
        // A line of one step is a dot's width.
        return `${begins ? 'M' : 'L'}${round((index + 0.5) * step)} ${round(height - (value / top) * height)}${begins ? 'h0.01' : ''}`
      })
      .join(''),
  )
}

const round = (value: number): number => Math.round(value * 100) / 100

/** Ticks of a time axis at round times of the clock, at most some `most` of them. */
export function timeTicks({ from, to }: Span, most: number, offsetMinutes = 0): number[] {
  const [begin, end] = [Date.parse(from), Date.parse(to)]
  const choices = [
    1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10_080, 20_160, 40_320, 80_640, 161_280,
  ].map((minutes) => minutes * units.m)
  const every = choices.find((one) => (end - begin) / one <= most) ?? choices.at(-1)!
  const offset = offsetMinutes * units.m
  const ticks: number[] = []
  for (let tick = Math.ceil((begin - offset) / every) * every + offset; tick < end; tick += every) ticks.push(tick)
  return ticks
}

/** The step of a place on the axis, 0 to `count` - 1. */
export const stepAt = (x: number, width: number, count: number): number =>
  Math.min(count - 1, Math.max(0, Math.floor((x / width) * count)))

/** The span of the steps from one to another, either way round, within that of the chart. */
export function spanBetween(
  { steps, every }: Pick<Timeline, 'steps' | 'every'>,
  one: number,
  other: number,
  within: Span,
): Span {
  const [first, last] = one <= other ? [one, other] : [other, one]
  const from = Math.max(steps[first]!, Date.parse(within.from))
  const to = Math.min(steps[last]! + every, Date.parse(within.to))
  return { from: new Date(from).toISOString(), to: new Date(to).toISOString() }
}
