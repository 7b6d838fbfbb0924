import type { Format } from '@flowferry/core'
import { requireOption } from '@flowferry/core/internal'
import { dashboards } from '../panels/index.ts'
import type { Dashboard, Panel } from '../panels/panel.ts'
import { type GroupsPlan, planOf } from '../plan.ts'
import type { DailyOptions } from '../questions/daily.ts'
import { allOf } from '../search/query.ts'
import { placesOf } from './grid.ts'
import { type SavedObject, savedObject, searchSource } from './object.ts'
import { visState } from './visualization.ts'

export interface SavedObjectsOptions extends Pick<DailyOptions, 'own'> {
  /** The formats whose dashboards are made: a parser's `formats`. */
  readonly formats: readonly Format[]
  /** Name or pattern of indices of your own, whose documents may be of several datasets. @default the data streams and dated indices */
  readonly index?: string
}

/**
 * The dashboards as saved objects, an object a line, as Kibana (8 and 9) and OpenSearch Dashboards import them: a dashboard
 * for each log, its panels, a search of its records, and the index pattern. Ids stay the same, so a second import replaces
 * the first.
 *
 * @throws FlowferryError INVALID_OPTION
 * @example
 * await writeFile('flowferry.ndjson', savedObjects({ formats: [...vpcFlow.formats, ...cloudTrail.formats] }))
 */
export function savedObjects(options: SavedObjectsOptions): string {
  const { formats } = options
  requireOption(Array.isArray(formats) && formats.length > 0, 'formats', formats, "a parser's `formats`")
  const datasets = new Set(formats.map(({ dataset }) => dataset))
  const asked = dashboards.filter(({ panels }) => panels.every((panel) => datasets.has(panel.formats[0]!)))
  return asked
    .flatMap((dashboard) => objectsOf(dashboard, options))
    .map((object) => `${JSON.stringify(object)}\n`)
    .join('')
}

/** Any: a saved object has no span of its own. */
const span = { from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z' }

function objectsOf(dashboard: Dashboard, { formats, index, own }: SavedObjectsOptions): SavedObject[] {
  const { name, title, panels, recordFields } = dashboard
  const [dataset = ''] = panels[0]!.formats
  const pattern = savedObject('index-pattern', dataset, {
    title: index ?? `logs-${dataset}-*`,
    timeFieldName: '@timestamp',
    fields: '[]',
  })
  const planFor = (panel: Panel) => planOf(panel.over(span, { ...(own && { own }) }), formats) as GroupsPlan
  // An index of several formats is asked for the documents of one.
  const ofDataset = index === undefined ? [] : [{ term: { 'data_stream.dataset': dataset } }]
  const visualizations = panels.map((panel) => {
    const plan = planFor(panel)
    const conditions = [...ofDataset, ...allOf(plan.filters).bool.filter]
    const source = searchSource(
      pattern.id,
      conditions.length === 0 ? undefined : { name: panel.title, query: { bool: { filter: conditions } } },
    )
    const attributes = {
      title: `${panel.title} [flowferry]`,
      description: panel.know,
      visState: JSON.stringify(visState(panel, plan)),
      uiStateJSON: '{}',
      version: 1,
      kibanaSavedObjectMeta: source.meta,
    }
    return savedObject('visualization', panel.name, attributes, source.references)
  })
  const records = searchSource(
    pattern.id,
    index === undefined ? undefined : { name: dataset, query: { bool: { filter: ofDataset } } },
  )
  const search = savedObject(
    'search',
    name,
    {
      title: `${title}: records [flowferry]`,
      description: '',
      columns: recordFields,
      sort: [['@timestamp', 'desc']],
      version: 1,
      kibanaSavedObjectMeta: records.meta,
    },
    records.references,
  )
  return [pattern, ...visualizations, search, dashboardOf(dashboard, [...visualizations, search])]
}

function dashboardOf({ name, title, panels }: Dashboard, shown: readonly SavedObject[]): SavedObject {
  // The records are a table, over the whole width of a last row.
  const places = placesOf([...panels.map(({ chart }) => chart), 'table'])
  const panelsJSON = shown.map((_, index) => {
    const panelIndex = String(index + 1)
    return {
      version: '7.9.3',
      gridData: { ...places[index]!, i: panelIndex },
      panelIndex,
      embeddableConfig: {},
      panelRefName: `panel_${index}`,
    }
  })
  const attributes = {
    title: `${title} [flowferry]`,
    description: 'Made by flowferry setup --dashboards; a second import replaces it.',
    hits: 0,
    panelsJSON: JSON.stringify(panelsJSON),
    optionsJSON: JSON.stringify({ hidePanelTitles: false, useMargins: true }),
    timeRestore: false,
    version: 1,
    kibanaSavedObjectMeta: {
      searchSourceJSON: JSON.stringify({ query: { query: '', language: 'kuery' }, filter: [] }),
    },
  }
  const references = shown.map(({ type, id }, index) => ({ name: `panel_${index}`, type, id }))
  return savedObject('dashboard', name, attributes, references)
}
