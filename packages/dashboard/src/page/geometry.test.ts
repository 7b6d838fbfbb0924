import { expect, test } from 'vitest'
import { barPaths, linePaths, others, roundUp, spanBetween, stepAt, timelineOf, timeTicks } from './geometry.ts'

const span = { from: '2026-11-22T09:00:00.000Z', to: '2026-11-22T09:05:00.000Z' }
const minute = 60_000
const at = (minutes: number) => new Date(Date.parse(span.from) + minutes * minute).toISOString()

test('a timeline has each step, and its series stand on each other', () => {
  const rows = [
    { '@timestamp': at(0), 'event.action': 'accept', records: 5 },
    { '@timestamp': at(0), 'event.action': 'reject', records: 2 },
    { '@timestamp': at(3), 'event.action': null, records: 1 },
    { '@timestamp': at(9), 'event.action': 'accept', records: 100 },
  ]
  const timeline = timelineOf(rows, { span, every: minute, series: 'event.action', measures: ['records'] })
  expect(timeline.steps.map((time) => new Date(time).toISOString())).toEqual([0, 1, 2, 3, 4].map(at))
  expect(timeline.series).toEqual([
    { name: 'accept', values: [5, 0, 0, 0, 0] },
    { name: 'reject', values: [2, 0, 0, 0, 0] },
    { name: 'none', values: [0, 0, 0, 1, 0] },
  ])
  expect([timeline.isStacked, timeline.most]).toEqual([true, 7])
})

test('several measures are lines of their own', () => {
  const rows = [{ '@timestamp': at(1), p50: 2, p95: 7 }]
  const timeline = timelineOf(rows, { span, every: minute, measures: ['p50', 'p95'] })
  expect([timeline.isStacked, timeline.most]).toEqual([false, 7])
  expect(linePaths(timeline, 50, 70, 7)[1]).toBe('M15 0h0.01')
  const gapped = timelineOf(
    [0, 1, 3].map((step) => ({ '@timestamp': at(step), p50: step, p95: null })),
    {
      span,
      every: minute,
      measures: ['p50', 'p95'],
    },
  )
  expect(linePaths(gapped, 50, 30, 3)).toEqual(['M5 30h0.01L15 20M35 0h0.01', ''])
  expect(gapped.most).toBe(3)
})

test('a step that begins before the span is in it', () => {
  const timeline = timelineOf([{ '@timestamp': at(0), n: 1 }], {
    span: { from: at(0.5), to: at(2) },
    every: minute,
    measures: ['n'],
  })
  expect(timeline.series[0]!.values).toEqual([1, 0])
})

test('of 10,000 rows the largest series are drawn by themselves, the others as one, and each is one path', () => {
  const rows = Array.from({ length: 12_000 }, (_, index) => ({
    '@timestamp': at(index % 300),
    'http.response.status_code': `s${Math.floor(index / 300)}`,
    requests: 1 + Math.floor(index / 300),
  }))
  const whole = { from: at(0), to: at(300) }
  const timeline = timelineOf(rows, {
    span: whole,
    every: minute,
    series: 'http.response.status_code',
    measures: ['requests'],
  })
  expect(timeline.series.map(({ name }) => name)).toEqual(['s39', 's38', 's37', 's36', 's35', 's34', 's33', others])
  expect(timeline.most).toBe(820)
  const total = timeline.series.reduce((sum, { values }) => sum + values.reduce((one, value) => one + value, 0), 0)
  expect(total).toBe(820 * 300)
  expect(barPaths(timeline, 600, 100, 1000)).toHaveLength(8)
})

test('bars stand on those below them', () => {
  const steps = [0, 1].map((index) => index * minute)
  const series = [
    { name: 'a', values: [5, 0] },
    { name: 'b', values: [5, 10] },
  ]
  const paths = barPaths({ steps, every: minute, series, isStacked: true, most: 10 }, 20, 100, 10)
  expect(paths).toEqual(['M0 100v-50h9v50z', 'M0 50v-50h9v50zM10 100v-100h9v100z'])
})

test.each([
  [0, 1],
  [1, 1],
  [3, 5],
  [7, 10],
  [12, 20],
  [230, 250],
  [0.03, 0.05],
  [1e9, 1e9],
])('an axis of %d ends in %d', (most, top) => {
  expect(roundUp(most)).toBeCloseTo(top, 10)
})

test('ticks stand at round times of the clock, also of a zone of half an hour', () => {
  const hour = { from: '2026-11-22T09:07:00.000Z', to: '2026-11-22T10:07:00.000Z' }
  const shown = (offset: number) => timeTicks(hour, 6, offset).map((tick) => new Date(tick).toISOString().slice(11, 16))
  expect(shown(0)).toEqual(['09:10', '09:20', '09:30', '09:40', '09:50', '10:00'])
  expect(
    timeTicks({ from: at(0), to: at(60 * 24) }, 4, -330).map((tick) => new Date(tick).toISOString().slice(11, 16)),
  ).toEqual(['12:30', '18:30', '00:30', '06:30'])
  const year = { from: at(-60 * 24 * 400), to: at(0) }
  for (const most of [4, 15]) expect(timeTicks(year, most).length).toBeLessThanOrEqual(most + 1)
})

test('a part of a chart is a span, either way round, within that of the chart', () => {
  const timeline = { steps: [0, 1, 2, 3, 4].map((index) => Date.parse(at(index))), every: minute }
  expect(spanBetween(timeline, 1, 2, span)).toEqual({ from: at(1), to: at(3) })
  expect(spanBetween(timeline, 2, 1, span)).toEqual({ from: at(1), to: at(3) })
  expect(spanBetween(timeline, 0, 4, { from: at(0.5), to: at(4.5) })).toEqual({ from: at(0.5), to: at(4.5) })
})

test.each([
  [0, 0],
  [99.9, 9],
  [100, 9],
  [-5, 0],
  [50, 5],
])('a place of %d is in step %d', (x, step) => {
  expect(stepAt(x, 100, 10)).toBe(step)
})
