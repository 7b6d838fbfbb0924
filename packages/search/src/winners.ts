import type { Format } from '@flowferry/core'
import { FlowferryError } from '@flowferry/core'
import type { IndexMeta, IndexTemplate } from './template.ts'
import type { SearchEngineRequest, SetupChange } from './types.ts'

/** A template of ours, and the data streams or dated indices, without their date, that it is to apply to. */
export interface ExpectedTemplate {
  readonly name: string
  readonly template: IndexTemplate
  /** False in a dry run before its first installation. */
  readonly isInstalled: boolean
  readonly streams: readonly string[]
}

/** An installed index template, as far as it decides which one wins. */
interface InstalledTemplate {
  readonly name: string
  readonly index_template: {
    readonly index_patterns: readonly string[] | string
    readonly priority?: number
    readonly _meta?: { readonly package?: { readonly name?: unknown } }
  }
}

/** Stands for any date in an index's name: templates and policies go by the pattern. */
export const anyDate = '-2026.01.01'

/**
 * Asks the engine which template applies to each data stream or dated index. In a dry run the engine simulates a
 * template that is not installed yet.
 * https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-indices-simulate-index-template
 *
 * @throws FlowferryError TARGET_TEMPLATE with the names of the templates that win instead
 */
export async function refuseOtherTemplates(
  send: SearchEngineRequest,
  expected: readonly ExpectedTemplate[],
): Promise<void> {
  const wins: string[] = []
  for (const own of expected)
    for (const stream of own.streams) {
      const target = own.template.data_stream ? stream : stream + anyDate
      if (await appliesTo(send, target, own)) continue
      const winner = await winnerFor(send, target, own)
      const other = winner
        ? `The index template "${winner.name}" of priority ${priorityOf(winner)}`
        : 'Another template'
      wins.push(`${other} wins over ${own.name} for ${target}`)
    }
  if (wins.length > 0) throw new FlowferryError('TARGET_TEMPLATE', wins.join('; '))
}

async function appliesTo(send: SearchEngineRequest, target: string, own: ExpectedTemplate): Promise<boolean> {
  const path = `/_index_template/_simulate_index/${encodeURIComponent(target)}`
  // Installed, it would be in its own way: two templates of one priority may not have patterns that meet.
  const { status, body } = await send('POST', path, own.isInstalled ? undefined : own.template)
  // OpenSearch fails on the name of a data stream that is there. Priorities then tell.
  if (status >= 400) return (await winnerFor(send, target, own)) === undefined
  const found = (body as { template?: { mappings?: { _meta?: IndexMeta } } } | undefined)?.template
  return found?.mappings?._meta?.template === own.name
}

/** The template of highest priority whose pattern fits, where it is not ours: a simulation does not name it. */
async function winnerFor(
  send: SearchEngineRequest,
  target: string,
  { name: own, template }: ExpectedTemplate,
): Promise<InstalledTemplate | undefined> {
  const [highest] = (await installed(send, ''))
    .filter(({ name, index_template: { index_patterns: patterns } }) => name !== own && matchesAny(target, patterns))
    .sort((a, b) => priorityOf(b) - priorityOf(a))
  return highest && priorityOf(highest) > template.priority ? highest : undefined
}

const priorityOf = ({ index_template: { priority = 0 } }: InstalledTemplate): number => priority

/** Whether a name fits one of the patterns, whose one wildcard is `*`. */
export function matchesAny(name: string, patterns: readonly string[] | string): boolean {
  return [patterns].flat().some((pattern) => {
    const parts = pattern.split('*').map((part) => part.replace(/[^\w-]/g, '\\$&'))
    return new RegExp(`^${parts.join('.*')}$`, 's').test(name)
  })
}

async function installed(send: SearchEngineRequest, pattern: string): Promise<readonly InstalledTemplate[]> {
  const members = ['index_patterns', 'priority', '_meta.package'].map(
    (name) => `index_templates.index_template.${name}`,
  )
  const query = `filter_path=index_templates.name,${members.join(',')}`
  const { body } = await send('GET', `/_index_template${pattern && `/${pattern}`}?${query}`)
  return (body as { index_templates?: InstalledTemplate[] } | undefined)?.index_templates ?? []
}

/**
 * Finds Elastic's own AWS integration: a template `logs-aws.vpcflow` of priority 200, and ingest pipelines
 * `logs-aws.vpcflow-<version>`, which only newer agents' documents pass.
 * https://www.elastic.co/docs/reference/integrations/aws
 */
export async function findIntegration(send: SearchEngineRequest, formats: readonly Format[]): Promise<SetupChange[]> {
  const found: SetupChange[] = []
  const templates = await installed(send, 'logs-*')
  for (const { dataset } of formats) {
    const name = `logs-${dataset}`
    const template = templates.find((one) => one.name === name)
    const pipelines = await pipelinesOf(send, `${name}-*`)
    if (!template && pipelines.length === 0) continue
    const parts = [
      ...(template ? [`index template ${name} of priority ${priorityOf(template)}`] : []),
      ...pipelines.map((pipeline) => `ingest pipeline ${pipeline}`),
    ]
    const note = `Elastic's AWS integration is installed (${parts.join(', ')}). flowferry's template wins for new indices of ${name}-*, and its documents pass no pipeline; those of an agent that writes there would no longer be parsed. Let one of the two write ${dataset}, or each file is there twice`
    found.push({ kind: 'integration', name, action: 'found', note })
  }
  return found
}

/** Names of ingest pipelines; none where the right to read them is missing: a template tells the same. */
async function pipelinesOf(send: SearchEngineRequest, pattern: string): Promise<string[]> {
  try {
    const { status, body } = await send('GET', `/_ingest/pipeline/${pattern}?filter_path=*.version,*.description`)
    return status === 200 ? Object.keys((body as object | undefined) ?? {}) : []
  } catch (error) {
    if (FlowferryError.isInstance(error) && error.code === 'TARGET_UNAUTHORIZED') return []
    throw error
  }
}
