import type { Format } from '@flowferry/core'
import { cloudFront } from '@flowferry/core/formats/cloudfront'
import { cloudTrail } from '@flowferry/core/formats/cloudtrail'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { describe, expect, test } from 'vitest'
import { findField } from '../fields.ts'
import { dashboards } from '../panels/index.ts'
import { placesOf } from './grid.ts'
import type { SavedObject } from './object.ts'
import { savedObjects } from './saved-objects.ts'

const formats = [vpcFlow, cloudTrail, cloudFront].flatMap((parser): readonly Format[] => parser.formats)
const read = (text: string): SavedObject[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
const objects = read(savedObjects({ formats }))
const ofType = (type: SavedObject['type']) => objects.filter((object) => object.type === type)
const nested = (object: SavedObject, name: string) => JSON.parse(object.attributes[name] as string)
const sourceOf = ({ attributes }: SavedObject) =>
  JSON.parse((attributes.kibanaSavedObjectMeta as { searchSourceJSON: string }).searchSourceJSON)

test('each dashboard has its panels, its records and its index pattern', () => {
  expect(ofType('index-pattern').map(({ attributes }) => attributes.title)).toEqual([
    'logs-aws.vpcflow-*',
    'logs-aws.cloudtrail-*',
    'logs-aws.cloudfront_logs-*',
  ])
  expect(ofType('visualization').map(({ id }) => id)).toEqual(
    dashboards.flatMap(({ panels }) => panels.map(({ name }) => `flowferry-visualization-${name}`)),
  )
  expect(ofType('search')).toHaveLength(dashboards.length)
  expect(ofType('dashboard')).toHaveLength(dashboards.length)
})

test('ids stay the same, and none stands twice', () => {
  const ids = objects.map(({ type, id }) => `${type} ${id}`)
  expect(new Set(ids).size).toBe(ids.length)
  expect(savedObjects({ formats })).toBe(savedObjects({ formats }))
})

test('each reference leads to an object of the file, and each name of one to a reference', () => {
  const known = new Set(objects.map(({ type, id }) => `${type} ${id}`))
  for (const object of objects) {
    for (const { type, id } of object.references) expect(known).toContain(`${type} ${id}`)
    const names = object.references.map(({ name }) => name)
    const asked = [...JSON.stringify(object.attributes).matchAll(/RefName\\*":\\*"([^"\\]+)/g)].map(([, name]) => name)
    expect(asked.sort()).toEqual(names.sort())
  }
})

test('no version is later than the last that OpenSearch Dashboards knows', () => {
  const versions = new Map(objects.map(({ type, migrationVersion }) => [type, migrationVersion[type]]))
  expect(Object.fromEntries(versions)).toEqual({
    'index-pattern': '7.6.0',
    visualization: '7.10.0',
    search: '7.9.3',
    dashboard: '7.9.3',
  })
})

describe.each(ofType('visualization').map((object) => [object.id, object] as const))('%s', (_, object) => {
  const { aggs, type, params } = nested(object, 'visState') as {
    type: string
    params: { type: string }
    aggs: { id: string; type: string; schema: string; params: Record<string, unknown> }[]
  }
  const pattern = object.references[0]!.id.replace('flowferry-index-pattern-', '')
  const own = formats.filter(({ dataset }) => dataset === pattern)

  test('its aggregations fit its type', () => {
    const schemas = aggs.map(({ schema }) => schema).filter((schema) => schema !== 'metric')
    expect(params.type).toBe(type)
    expect(new Set(aggs.map(({ id }) => id)).size).toBe(aggs.length)
    expect(aggs[0]!.schema).toBe('metric')
    const fits: Record<string, RegExp> = {
      metric: /^$/,
      histogram: /^segment( group)?$/,
      horizontal_bar: /^segment$/,
      table: /^bucket( bucket){0,3}$/,
    }
    expect(schemas.join(' ')).toMatch(fits[type]!)
  })

  test('its fields are columns of the format, of a type that the aggregation takes', () => {
    for (const { type: aggregation, params: given } of aggs) {
      if (aggregation === 'count') continue
      const field = findField(own, given.field as string, 'field')
      expect(field.hasColumn).toBe(true)
      // A name of another field is an alias, which Kibana lists, but the documents' own name is surer.
      expect(field.path).toBe(field.name)
      if (aggregation === 'sum' || aggregation === 'percentiles') expect(field.type).toMatch(/^(long|double)$/)
      if (aggregation === 'date_histogram') expect(field.type).toBe('date')
    }
  })

  test('rows are ordered by a metric that is there', () => {
    for (const { type: aggregation, params: given } of aggs.filter((one) => one.type === 'terms')) {
      const [id, percent] = String(given.orderBy).split('.')
      const ordering = aggs.find((one) => one.id === id)!
      expect(aggregation).toBe('terms')
      expect(ordering.schema).toBe('metric')
      if (percent !== undefined) expect(ordering.params.percents).toContain(Number(percent))
    }
  })

  test('its source is whole', () => {
    const source = sourceOf(object)
    for (const filter of source.filter) expect(JSON.parse(filter.meta.value)).toEqual(filter.query)
    expect(source.query).toEqual({ query: '', language: 'kuery' })
  })
})

test.each(ofType('dashboard').map((object) => [object.id, object] as const))(
  '%s shows each of its own, none over another',
  (_, object) => {
    const panels = nested(object, 'panelsJSON') as {
      gridData: { x: number; y: number; w: number; h: number; i: string }
      panelIndex: string
      panelRefName: string
    }[]
    expect(panels.map(({ panelRefName }) => panelRefName)).toEqual(object.references.map(({ name }) => name))
    const taken = new Set<string>()
    for (const { gridData, panelIndex } of panels) {
      expect(gridData.i).toBe(panelIndex)
      expect(gridData.x + gridData.w).toBeLessThanOrEqual(48)
      for (let x = gridData.x; x < gridData.x + gridData.w; x++)
        for (let y = gridData.y; y < gridData.y + gridData.h; y++) {
          expect(taken.has(`${x} ${y}`)).toBe(false)
          taken.add(`${x} ${y}`)
        }
    }
  },
)

test('the last panel of a row is as wide as what is left', () => {
  expect(placesOf(['number', 'bars', 'bars', 'table'])).toEqual([
    { x: 0, y: 0, w: 48, h: 6 },
    { x: 0, y: 6, w: 24, h: 15 },
    { x: 24, y: 6, w: 24, h: 15 },
    { x: 0, y: 21, w: 48, h: 15 },
  ])
})

test('the columns of a search are fields of the format', () => {
  for (const { panels, recordFields } of dashboards) {
    const own = formats.filter(({ dataset }) => dataset === panels[0]!.formats[0])
    for (const name of recordFields) findField(own, name, 'recordFields')
  }
})

test('an index of several formats is asked for the documents of one', () => {
  const [pattern, ...others] = read(savedObjects({ formats: vpcFlow.formats, index: 'all-logs' }))
  expect(pattern!.attributes.title).toBe('all-logs')
  for (const object of others.filter(({ type }) => type !== 'dashboard'))
    expect(sourceOf(object).filter[0].query.bool.filter[0]).toEqual({ term: { 'data_stream.dataset': 'aws.vpcflow' } })
})

test('own addresses reach the filters', () => {
  expect(savedObjects({ formats, own: ['192.0.2.0/24'] })).toContain('192.0.2.0/24')
})

test('a format of which there is no dashboard has none', () => {
  expect(read(savedObjects({ formats: cloudTrail.formats })).map(({ type }) => type)).toContain('dashboard')
  expect(() => savedObjects({ formats: [] })).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
})
