import type { CheckedMeasure } from '../measures.ts'
import type { Chart, Panel } from '../panels/panel.ts'
import type { GroupsPlan } from '../plan.ts'

/** An aggregation of a visualization. https://github.com/opensearch-project/OpenSearch-Dashboards/tree/main/src/plugins/data/common/search/aggs */
interface Aggregation {
  readonly id: string
  readonly enabled: true
  readonly type: string
  readonly schema: 'metric' | 'segment' | 'group' | 'bucket'
  readonly params: Readonly<Record<string, unknown>>
}

/** Rows of each value of the group before: a table asks for the largest of the largest. */
const rowsWithin = 5
const series = 10

/** The aggregations of a panel's question, and how they are drawn. */
export function visState(panel: Panel, plan: GroupsPlan): { readonly [member: string]: unknown } {
  const metrics = plan.measures.map((measure, index) => metric(measure, String(index + 1), panel))
  const first = plan.measures[0]!
  const orderBy = first.is === 'percentile' ? `1.${first.percent}` : '1'
  const buckets = plan.groups.map(({ field, every }, index): Aggregation => {
    const id = String(metrics.length + index + 1)
    if (every !== undefined) {
      const params = {
        field: field.path,
        interval: 'auto',
        drop_partials: false,
        min_doc_count: 1,
        extended_bounds: {},
      }
      return { id, enabled: true, type: 'date_histogram', schema: 'segment', params }
    }
    return {
      id,
      enabled: true,
      type: 'terms',
      schema: schemas[panel.chart][index]!,
      params: {
        field: field.path,
        orderBy,
        order: 'desc',
        size: panel.chart === 'timeline' ? series : index === 0 ? plan.limit : rowsWithin,
        otherBucket: false,
        otherBucketLabel: 'Other',
        missingBucket: false,
        missingBucketLabel: 'Missing',
        customLabel: panel.columns[field.name]!.heading,
      },
    }
  })
  return {
    title: panel.title,
    type: types[panel.chart],
    aggs: [...metrics, ...buckets],
    params: { type: types[panel.chart], ...drawing(panel, metrics) },
  }
}

const types = { number: 'metric', timeline: 'histogram', bars: 'horizontal_bar', table: 'table' } as const
const schemas: Readonly<Record<Chart, readonly Aggregation['schema'][]>> = {
  number: [],
  timeline: ['segment', 'group'],
  bars: ['segment'],
  table: ['bucket', 'bucket', 'bucket', 'bucket'],
}

function metric(measure: CheckedMeasure, id: string, { columns }: Panel): Aggregation {
  const customLabel = columns[measure.name]!.heading
  const common = { id, enabled: true, schema: 'metric' } as const
  switch (measure.is) {
    case 'count':
      return { ...common, type: 'count', params: { customLabel } }
    case 'percentile':
      return {
        ...common,
        type: 'percentiles',
        params: { field: measure.field.path, percents: [measure.percent], customLabel },
      }
    case 'ratio':
      throw new Error('A panel has no ratio: an aggregation of Kibana has no filters of its own')
    default:
      return { ...common, type: measure.is, params: { field: measure.field.path, customLabel } }
  }
}

function drawing({ chart, columns }: Panel, metrics: readonly Aggregation[]): object {
  switch (chart) {
    case 'number':
      return {
        addTooltip: true,
        addLegend: false,
        metric: {
          percentageMode: false,
          useRanges: false,
          colorSchema: 'Green to Red',
          metricColorMode: 'None',
          colorsRange: [{ from: 0, to: 10_000 }],
          labels: { show: true },
          invertColors: false,
          style: { bgFill: '#000', bgColor: false, labelColor: false, subText: '', fontSize: 36 },
        },
      }
    case 'table':
      return { perPage: 10, showPartialRows: false, showMetricsAtAllLevels: false, showTotal: false, totalFunc: 'sum' }
    default: {
      const isUpright = chart === 'timeline'
      const isStacked = metrics.length === 1
      const [first = ''] = Object.keys(columns).slice(-metrics.length)
      return {
        grid: { categoryLines: false },
        categoryAxes: [
          {
            id: 'CategoryAxis-1',
            type: 'category',
            position: isUpright ? 'bottom' : 'left',
            show: true,
            style: {},
            scale: { type: 'linear' },
            labels: { show: true, filter: isUpright, truncate: 100 },
            title: {},
          },
        ],
        valueAxes: [
          {
            id: 'ValueAxis-1',
            name: isUpright ? 'LeftAxis-1' : 'BottomAxis-1',
            type: 'value',
            position: isUpright ? 'left' : 'bottom',
            show: true,
            style: {},
            scale: { type: 'linear', mode: 'normal' },
            labels: { show: true, rotate: 0, filter: true, truncate: 100 },
            title: { text: columns[first]!.heading },
          },
        ],
        seriesParams: metrics.map(({ id, params }) => ({
          show: true,
          type: isStacked ? 'histogram' : 'line',
          mode: isStacked ? 'stacked' : 'normal',
          data: { label: params.customLabel, id },
          valueAxis: 'ValueAxis-1',
          drawLinesBetweenPoints: true,
          lineWidth: 2,
          showCircles: true,
        })),
        addTooltip: true,
        addLegend: isUpright,
        legendPosition: 'right',
        times: [],
        addTimeMarker: false,
        labels: { show: false },
        thresholdLine: { show: false, value: 10, width: 1, style: 'full', color: '#E7664C' },
      }
    }
  }
}
