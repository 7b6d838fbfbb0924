import { describe, expect, it } from 'vitest'
import { parser } from '../../../test/alerts/scenarios.ts'
import { defineAlert } from '../alert.ts'
import { deniedBurst, rootUsed } from '../audit.ts'
import { cdnFailing } from '../cdn.ts'
import { alerts } from '../index.ts'
import { ownRejects, portScan } from '../network.ts'
import { kibanaRule } from './kibana.ts'
import { openSearchMonitor } from './opensearch.ts'

const { formats } = parser
const steppedNames = alerts.filter((alert) => 'steps' in alert).map(({ name }) => name)

describe('kibanaRule', () => {
  const ruleOf = (alert: (typeof alerts)[number], more = {}) => {
    const made = kibanaRule(alert, { formats, ...more })
    if (!('rule' in made)) throw new Error(made.because)
    return made.rule
  }

  it('says of each alert what it is, or why it is none', () => {
    const refused = alerts.filter((alert) => 'because' in kibanaRule(alert, { formats }))
    expect(refused.map(({ name }) => name)).toEqual(steppedNames)
    for (const alert of refused)
      expect(kibanaRule(alert, { formats })).toMatchObject({ because: expect.stringMatching(/\w/) })
  })

  // The members and their bounds: x-pack/platform/plugins/shared/stack_alerts, rule type `.es-query`.
  it.each(alerts.filter((alert) => !('steps' in alert)))('$name has the members that its rule type takes', (alert) => {
    const { rule_type_id, consumer, schedule, params, tags } = ruleOf(alert)
    expect([rule_type_id, consumer]).toEqual(['.es-query', 'stackAlerts'])
    expect(schedule.interval).toMatch(/^\d+[smhd]$/)
    expect(tags).toContain('flowferry')
    const common = ['searchType', 'timeField', 'timeWindowSize', 'timeWindowUnit', 'size', 'threshold']
    const more = ['thresholdComparator', 'aggType', 'groupBy', 'excludeHitsFromPreviousRun']
    expect(params.timeWindowUnit).toBe('m')
    expect(Number.isInteger(params.timeWindowSize)).toBe(true)
    if (params.searchType === 'esQuery') {
      expect(Object.keys(params).sort()).toEqual(
        [...common, ...more, 'index', 'esQuery', 'termField', 'termSize'].sort(),
      )
      expect(Object.keys(JSON.parse(params.esQuery as string))).toEqual(['query'])
      expect([params.termField].flat().length).toBeLessThanOrEqual(4)
      expect(params.termSize).toBeLessThanOrEqual(1000)
      expect(params.groupBy).toBe('top')
    } else {
      expect(Object.keys(params).sort()).toEqual([...common, ...more, 'esqlQuery'].sort())
      expect(params).toMatchObject({ threshold: [0], thresholdComparator: '>', groupBy: 'row' })
    }
  })

  it('counts by query DSL, in a window that reaches as far back as records are late', () => {
    const { params } = ruleOf(rootUsed)
    expect(params).toMatchObject({
      index: ['logs-aws.cloudtrail-*'],
      timeWindowSize: 125,
      threshold: [1],
      thresholdComparator: '>=',
      termField: ['cloud.account.id', 'source.address'],
    })
    const [time] = JSON.parse(params.esQuery as string).query.bool.filter
    expect(time).toEqual({ range: { '@timestamp': { gte: 'now-7500s', lt: 'now' } } })
  })

  it('compares by ES|QL', () => {
    const esql = (alert: (typeof alerts)[number], more = {}) =>
      (ruleOf(alert, more).params.esqlQuery as { readonly esql: string }).esql
    expect(esql(deniedBurst)).toBe(
      [
        'FROM logs-aws.cloudtrail-*',
        '| WHERE @timestamp >= NOW() - 94500 seconds AND @timestamp < NOW() - 7200 seconds',
        '| WHERE KQL("aws.cloudtrail.error_code: (\\"AccessDenied\\" or \\"AccessDeniedException\\" or \\"Client.UnauthorizedOperation\\" or \\"UnauthorizedOperation\\" or \\"AuthorizationError\\" or \\"AuthorizationErrorException\\" or \\"NotAuthorized\\" or \\"UnauthorizedAccess\\")")',
        '| STATS calls = COUNT(*) WHERE @timestamp >= NOW() - 8100 seconds AND @timestamp < NOW() - 7200 seconds, actions = COUNT_DISTINCT(event.action) WHERE @timestamp >= NOW() - 8100 seconds AND @timestamp < NOW() - 7200 seconds, before = COUNT(*) WHERE NOT (@timestamp >= NOW() - 8100 seconds AND @timestamp < NOW() - 7200 seconds), first = MIN(@timestamp) WHERE @timestamp >= NOW() - 8100 seconds AND @timestamp < NOW() - 7200 seconds, last = MAX(@timestamp) WHERE @timestamp >= NOW() - 8100 seconds AND @timestamp < NOW() - 7200 seconds BY cloud.account.id, aws.cloudtrail.user_identity.arn',
        '| WHERE calls >= 20 AND calls > 5 * before / 96.0',
        '| SORT calls DESC',
        '| LIMIT 1000',
      ].join('\n'),
    )
    expect(esql(portScan)).toContain('| WHERE (ports >= 100 OR targets >= 100)\n')
    expect(esql(cdnFailing)).toContain(
      '| EVAL share = TO_DOUBLE(share_part) / share_all\n| WHERE errors >= 100 AND share > 0.02\n',
    )
    expect(esql(ownRejects, { own: ['2001:db8::/32'], late: 60_000 })).toContain('source.ip: \\"2001:db8::/32\\"')
  })
})

describe('openSearchMonitor', () => {
  const monitorOf = (alert: (typeof alerts)[number], more = {}) => {
    const made = openSearchMonitor(alert, { formats, ...more })
    if (!('monitor' in made)) throw new Error(made.because)
    return made.monitor
  }

  it('says of each alert what it is, or why it is none', () => {
    const refused = alerts.filter((alert) => 'because' in openSearchMonitor(alert, { formats }))
    expect(refused.map(({ name }) => name).sort()).toEqual([...steppedNames, 'credentials-created'].sort())
  })

  it('is a bucket-level monitor, whose trigger names what its input has', () => {
    for (const alert of alerts) {
      const made = openSearchMonitor(alert, { formats })
      if (!('monitor' in made)) continue
      const { monitor } = made
      expect(Object.keys(monitor)).toEqual([
        'type',
        'name',
        'monitor_type',
        'enabled',
        'schedule',
        'inputs',
        'triggers',
      ])
      expect(monitor.monitor_type).toBe('bucket_level_monitor')
      const [{ search }] = monitor.inputs
      const { composite, aggs } = search.query.aggregations.composite_agg as {
        readonly composite: { readonly sources: readonly object[] }
        readonly aggs: Readonly<Record<string, object>>
      }
      expect(composite.sources).toHaveLength(Object.keys(alert.by).length)
      const { buckets_path: paths, script } = monitor.triggers[0].bucket_level_trigger.condition
      for (const path of Object.values(paths)) {
        const [name] = path.split('>')
        if (name !== '_count') expect(aggs).toHaveProperty(name!)
      }
      const named = [...script.source.matchAll(/params\.(\w+)/g)].map(([, name]) => name!)
      expect(new Set(named)).toEqual(new Set(Object.keys(paths)))
      // No date of the time at which it was made is left.
      expect(JSON.stringify(monitor)).not.toMatch(/2[12]\d\d-\d\d-\d\dT/)
    }
  })

  it('compares with the time before in its script', () => {
    const monitor = monitorOf(ownRejects)
    expect(monitor.schedule).toEqual({ period: { interval: 5, unit: 'MINUTES' } })
    expect(monitor.triggers[0].bucket_level_trigger).toMatchObject({
      severity: '1',
      condition: {
        buckets_path: { m0_0: 'm0>_count', m2_0: 'm2>_count' },
        script: { source: 'params.m0_0 >= 50 && params.m0_0 > 5 * params.m2_0 / 96.0', lang: 'painless' },
      },
    })
    expect(JSON.stringify(monitor.inputs[0].search.query.query)).toContain(
      '{"range":{"@timestamp":{"gte":"{{period_end}}||-90900s","lt":"{{period_end}}||-3600s","format":"epoch_millis"}}}',
    )
  })
})

describe('what is strange in a filter', () => {
  const evil = '"); DROP TABLE x; | LIMIT 0 \\ {{period_end}} */ \n`*'
  const own = defineAlert({
    name: 'mine',
    title: '<script>alert(1)</script>',
    severity: 'low',
    formats: ['aws.cloudtrail'],
    window: '15m',
    every: '5m',
    filters: [
      {
        any: [
          { field: 'user.name', equals: evil },
          { field: 'user.name', prefix: `and ${evil}` },
        ],
      },
    ],
    by: { 'user.name': { heading: 'user' } },
    measures: { calls: { heading: 'calls', of: { count: true } } },
    counts: ['calls'],
    threshold: 5,
    before: { length: '1d', times: 2 },
    know: 'Nothing.',
  })

  it('stays a value', () => {
    const made = kibanaRule(own, { formats })
    const { esql } = ('rule' in made ? made.rule.params.esqlQuery : undefined) as { readonly esql: string }
    const where = esql.split('\n').find((line) => line.includes('KQL('))!
    // One string of ES|QL from its quote to its end, and in it one of KQL.
    const [, string] = /^\| WHERE KQL\("((?:[^"\\]|\\["\\nrt])*)"\)$/.exec(where)!
    const inner = string!.replace(/\\(["\\nrt])/g, (_, one) => ({ n: '\n', r: '\r', t: '\t' })[one as 'n'] ?? one)
    const [, literal] = /^\(?user\.name: "((?:[^"\\]|\\["\\nrt])*)" or /s.exec(inner)!
    expect(literal!.replace(/\\(["\\nrt])/g, (_, one) => ({ n: '\n', r: '\r', t: '\t' })[one as 'n'] ?? one)).toBe(evil)
    expect(inner).toContain(' or user.name: \\and\\ ')
    expect(esql.split('\n')).toHaveLength(7)
    const monitor = openSearchMonitor(own, { formats })
    expect(JSON.parse(JSON.stringify(monitor))).toEqual(monitor)
  })
})
