import { cloudFront } from '@flowferry/core/formats/cloudfront'
import { cloudTrail } from '@flowferry/core/formats/cloudtrail'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { expect, test } from 'vitest'
import { planOf } from '../plan.ts'
import { dailyQuestions } from '../questions/index.ts'
import { dashboards } from './index.ts'
import { stepOf } from './panel.ts'

const known = [vpcFlow, cloudTrail, cloudFront].flatMap((parser) => parser.formats)
const span = { from: '2026-11-22T09:00:00Z', to: '2026-11-22T10:00:00Z' }
const panels = dashboards.flatMap((dashboard) => dashboard.panels)

test.each(panels)('$name is a question of the format whose columns are its row', (panel) => {
  const question = panel.over(span)
  planOf(question, known)
  const groups = (question.groups ?? []).map((group) => (typeof group === 'string' ? group : group.field))
  expect([...groups, ...Object.keys(question.measures)]).toEqual(Object.keys(panel.columns))
})

test.each(panels)('$name is what its chart can draw, and Kibana can ask', (panel) => {
  const { groups = [], measures, having } = panel.over(span)
  const range = { number: [0, 0], timeline: [1, 2], bars: [1, 1], table: [1, 4] }[panel.chart]
  expect(groups.length).toBeGreaterThanOrEqual(range[0]!)
  expect(groups.length).toBeLessThanOrEqual(range[1]!)
  expect(typeof groups[0]).toBe(
    { number: 'undefined', timeline: 'object', bars: 'string', table: 'string' }[panel.chart],
  )
  if (groups.length === 2 && panel.chart === 'timeline') expect(Object.keys(measures)).toHaveLength(1)
  expect(having).toBeUndefined()
  for (const measure of Object.values(measures)) {
    expect(measure).not.toHaveProperty('where')
    expect(measure).not.toHaveProperty('ratio')
  }
})

test('a name names one panel or question', () => {
  const names = [...panels, ...dailyQuestions].map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
})

test('own addresses reach the filters', () => {
  const panel = panels.find(({ name }) => name === 'bytes-over-time')!
  expect(JSON.stringify(panel.over(span, { own: ['192.0.2.0/24'] }).filters)).toContain('192.0.2.0/24')
})

test.each([
  ['2026-11-22T09:05:00Z', '10s'],
  ['2026-11-22T09:50:00Z', '10s'],
  ['2026-11-22T09:50:01Z', '30s'],
  ['2026-11-23T09:00:00Z', '5m'],
  ['2026-11-29T09:00:00Z', '1h'],
  ['2028-11-22T09:00:00Z', '1d'],
])('a timeline to %s has steps of %s', (to, step) => {
  expect(stepOf({ from: span.from, to })).toBe(step)
})
