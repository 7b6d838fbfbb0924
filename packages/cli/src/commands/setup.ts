import { deadRecordFormat } from '@flowferry/core'
import type { SetupOptions } from '@flowferry/search'
import type { Settings as Configured } from '../config/settings.ts'
import { type Documents, logFormatNames, parserFor } from '../formats.ts'
import { type ExitCode, exitCodes, type Io, line, refuseOptions, UsageError } from '../io.ts'
import { changeLines, checkSetup, type TargetOptions, targetOf } from '../target.ts'

type Settings = Omit<SetupOptions, 'formats' | 'indexPer' | 'namespaces' | 'dryRun' | 'rollover' | 'sort'>

export interface SetupCommandOptions
  extends Pick<TargetOptions, 'to' | 'url' | 'cloudId' | 'auth' | 'index' | 'indexPer'>,
    Settings {
  readonly format?: readonly string[]
  readonly documents?: Documents
  readonly deadRecords?: boolean
  readonly dryRun?: boolean
  readonly json?: boolean
  readonly quiet?: boolean
  /** Instead of templates: saved objects, into a file or Kibana. */
  readonly dashboards?: string
  /** Blocks of one's own addresses, for the dashboards. */
  readonly own?: readonly string[]
  /** `source.ip`, or `@timestamp:desc`. */
  readonly sort?: readonly string[]
  /** Every condition by its default; the three below give one of its own. */
  readonly rollover?: boolean
  readonly maxAge?: string
  readonly maxPrimaryShardSize?: string
  readonly maxDocs?: number
}

/** `flowferry setup`: the index templates and lifecycle policies into a cluster, and what was changed. */
export async function setupCommand(options: SetupCommandOptions, io: Io, configured: Configured): Promise<ExitCode> {
  const {
    to,
    url,
    cloudId,
    auth,
    index,
    indexPer,
    format = logFormatNames(configured),
    documents,
    deadRecords = false,
    dryRun = false,
    json = false,
    quiet: _quiet,
    dashboards,
    own,
    ...rest
  } = options
  const { sort, rollover, maxAge, maxPrimaryShardSize, maxDocs, ...settings } = rest
  if (dashboards !== undefined) {
    if (deadRecords || dryRun || Object.keys(rest).length > 0)
      throw new UsageError(
        '--dashboards writes saved objects and no templates; of the options it takes --to, --format, --index, --own and --json',
      )
    if (auth && /^https?:/i.test(dashboards) && !io.env.OPENSEARCH_USERNAME)
      throw new UsageError(
        '--dashboards does not sign its import: set OPENSEARCH_USERNAME and OPENSEARCH_PASSWORD, or write a file, --dashboards flowferry.ndjson, and import it in OpenSearch Dashboards',
      )
    const { dashboardsCommand } = await import('./dashboards.ts')
    const { formats } = await parserFor(format, documents, configured)
    const given = {
      dashboards,
      ...(to !== undefined && { to }),
      ...(index !== undefined && { index }),
      ...(own && { own }),
      json,
    }
    return dashboardsCommand(given, io, formats)
  }
  refuseOptions({ own }, ['own'], '--dashboards')
  checkSetup({ setup: true, ...(index !== undefined && { index }) })
  if (to?.startsWith('duckdb:')) throw new UsageError('DuckDB needs no setup: --to takes elasticsearch or opensearch')
  const { formats: ofLogs } = await parserFor(format, documents, configured)
  const formats = deadRecords ? [...ofLogs, deadRecordFormat] : ofLogs
  const target = {
    ...(to !== undefined && { to }),
    ...(url !== undefined && { url }),
    ...(cloudId !== undefined && { cloudId }),
    ...(auth && { auth }),
    ...(indexPer && { indexPer }),
  }
  const store = await (await targetOf(target, io)).open()
  const conditions = {
    ...(maxAge !== undefined && { maxAge }),
    ...(maxPrimaryShardSize !== undefined && { maxPrimaryShardSize }),
    ...(maxDocs !== undefined && { maxDocs }),
  }
  const isRollover = rollover === true || Object.keys(conditions).length > 0
  try {
    // DuckDB, which has none, was refused above.
    const changes = await store.setup!({
      formats,
      dryRun,
      ...settings,
      ...(sort && { sort: sort.map(sortOf) }),
      ...(isRollover && { rollover: conditions }),
    })
    if (json) line(io.stdout, JSON.stringify({ dryRun, changes }))
    else for (const text of changeLines(changes, dryRun)) line(io.stdout, text)
    return exitCodes.ok
  } finally {
    await store.close()
  }
}

function sortOf(text: string): { readonly field: string; readonly order?: 'asc' | 'desc' } {
  const [, field = text, order] = /^(.+):(asc|desc)$/.exec(text) ?? []
  return { field, ...(order && { order: order as 'asc' | 'desc' }) }
}
