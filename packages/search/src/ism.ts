import { FlowferryError } from '@flowferry/core'
import type { IndexPer } from './dates.ts'
import { datedAge, isLifecycleAsked, type LifecycleOptions, rolloverOf } from './lifecycle.ts'
import { matches } from './matches.ts'
import type { IndexTemplate } from './template.ts'
import type { SearchEngineRequest, SetupChange } from './types.ts'
import { matchesAny } from './winners.ts'

type Options = LifecycleOptions & { readonly indexPer?: IndexPer; readonly dryRun: boolean }

/**
 * The ISM policy: rollover for data streams, and deletion where a retention is given. `min_rollover_age` counts from the
 * rollover of a backing index, `min_index_age` from the creation of any other. Without a retention the policy of dated
 * indices does nothing: it keeps that of the data streams away, whose pattern fits their names, too.
 * https://docs.opensearch.org/latest/im-plugin/ism/policies/
 */
function ismPolicy({ index_patterns, priority }: IndexTemplate, options: LifecycleOptions, indexPer?: IndexPer) {
  const { maxAge, maxPrimaryShardSize, maxDocs } = rolloverOf(options.rollover)
  const rollover = { min_index_age: maxAge, min_primary_shard_size: maxPrimaryShardSize, min_doc_count: maxDocs }
  const { retention } = options
  const age =
    retention && (indexPer ? { min_index_age: datedAge(retention, indexPer) } : { min_rollover_age: retention })
  return {
    policy: {
      description: 'Managed by flowferry',
      default_state: 'hot',
      states: [
        {
          name: 'hot',
          actions: indexPer ? [] : [{ rollover }],
          transitions: age ? [{ state_name: 'delete', conditions: age }] : [],
        },
        ...(age ? [{ name: 'delete', actions: [{ delete: {} }], transitions: [] }] : []),
      ],
      ism_template: [{ index_patterns, priority }],
    },
  }
}

type States = ReturnType<typeof ismPolicy>['policy']['states']

interface InstalledPolicy {
  readonly _id: string
  readonly _seq_no?: number
  readonly _primary_term?: number
  readonly policy?: { readonly ism_template?: IsmTemplate | readonly IsmTemplate[] | null }
}

interface IsmTemplate {
  readonly index_patterns?: readonly string[]
  readonly priority?: number
}

/** The policies of the cluster, or why it has none. */
export type IsmPolicies = readonly InstalledPolicy[] | { readonly missing: string }

/**
 * Asks for the cluster's ISM policies. A run that asks for no lifecycle goes on without the plugin or the right to it.
 *
 * @throws FlowferryError TARGET_FAILED without the plugin, TARGET_UNAUTHORIZED
 */
export async function findIsmPolicies(send: SearchEngineRequest, options: LifecycleOptions): Promise<IsmPolicies> {
  const lacking = 'This OpenSearch does not have the plugin Index State Management'
  const policiesOrReason = async (): Promise<readonly InstalledPolicy[] | string> => {
    try {
      const { status, body } = await send('GET', '/_plugins/_ism/policies?size=10000')
      return status === 404 ? lacking : ((body as { policies?: InstalledPolicy[] } | undefined)?.policies ?? [])
    } catch (error) {
      if (!FlowferryError.isInstance(error)) throw error
      if (/no handler found for uri/.test(error.message)) return lacking
      if (isLifecycleAsked(options) || error.code !== 'TARGET_UNAUTHORIZED') throw error
      return 'The right to read the policies of Index State Management is missing'
    }
  }
  const found = await policiesOrReason()
  if (typeof found !== 'string') return found
  if (isLifecycleAsked(options))
    throw new FlowferryError(
      'TARGET_FAILED',
      `${found}, which retention and rollover take: install it, or leave both out`,
    )
  return { missing: found }
}

/** What to say once where data streams get no policy. */
export function ismMissing({ missing }: { readonly missing: string }): SetupChange {
  const note = `${missing}: data streams do not roll over by themselves, and a shard refuses documents after 2,147,483,519. Roll them over by POST /<data stream>/_rollover, or use indexPer`
  return { kind: 'lifecycle policy', name: 'flowferry', action: 'missing', note }
}

/**
 * Installs the policy of a format's data streams or dated indices, and gives it to those that are there: its
 * `ism_template` is for later ones only. A run that asks for no lifecycle leaves alone a policy that is there, ours or not.
 *
 * @throws FlowferryError TARGET_TEMPLATE where a policy of somebody else would win
 */
export async function putIsmPolicy(
  send: SearchEngineRequest,
  policies: readonly InstalledPolicy[],
  { name, template, names, streams }: IsmTarget,
  options: Options,
): Promise<SetupChange[]> {
  const isAsked = isLifecycleAsked(options)
  const existing = policies.find(({ _id }) => _id === name)
  const rival = rivalOf(policies, name, streams)
  if (rival && !isAsked && !existing) {
    const note = `The ISM policy "${rival.name}" is for ${rival.target}: rollover and retention are as that one says`
    return [{ kind: 'lifecycle policy', name: rival.name, action: 'found', note }]
  }
  if (rival && isAsked && rival.priority >= template.priority)
    throw new FlowferryError(
      'TARGET_TEMPLATE',
      `The ISM policy "${rival.name}" of priority ${rival.priority} wins over ${name} (${template.priority}) for ${rival.target}: lower its priority, or leave out retention and rollover`,
    )
  if (existing && !isAsked) return []
  const wanted = ismPolicy(template, options, options.indexPer)
  const same = existing !== undefined && matches(wanted.policy, existing.policy)
  const { _seq_no: number, _primary_term: term } = existing ?? {}
  const version = existing ? `?if_seq_no=${number}&if_primary_term=${term}` : ''
  if (!same && !options.dryRun) await send('PUT', `/_plugins/_ism/policies/${name}${version}`, wanted)
  const action = same ? 'unchanged' : existing ? 'updated' : 'created'
  const changes: SetupChange[] = [{ kind: 'lifecycle policy', name, action }]
  for (const index of names)
    changes.push(
      ...(await attach(send, options.indexPer ? index : `.ds-${index}-*`, name, wanted.policy.states, options)),
    )
  return changes
}

export interface IsmTarget {
  readonly name: string
  readonly template: IndexTemplate
  /** Data streams or dated indices that are there. */
  readonly names: readonly string[]
  /** Data streams or dated indices, as a policy's pattern has to fit them. */
  readonly streams: readonly string[]
}

/** The policy of somebody else whose pattern fits, with the highest priority. */
function rivalOf(policies: readonly InstalledPolicy[], own: string, streams: readonly string[]) {
  const rivals = policies.flatMap(({ _id: name, policy }) =>
    name === own || name.startsWith('flowferry-')
      ? []
      : [policy?.ism_template ?? []].flat().flatMap(({ index_patterns: patterns = [], priority = 0 }) => {
          const target = streams.find((stream) => matchesAny(stream, patterns))
          return target === undefined ? [] : [{ name, priority, target }]
        }),
  )
  return rivals.sort((a, b) => b.priority - a.priority)[0]
}

/** What ISM tells of an index. */
interface Explained {
  readonly policy_id?: string | null
  readonly policy?: { readonly states?: States } | null
}

/** Gives the policy to indices that have none, and its newer version to those that have an older one. */
async function attach(
  send: SearchEngineRequest,
  pattern: string,
  policy: string,
  states: States,
  { dryRun }: Options,
): Promise<SetupChange[]> {
  const changes: SetupChange[] = []
  const { body } = await send('GET', `/_plugins/_ism/explain/${pattern}?show_policy=true`)
  for (const [name, explained] of Object.entries((body ?? {}) as Record<string, Explained | number>)) {
    if (typeof explained !== 'object') continue
    const { policy_id: id, policy: applied } = explained
    if (id && id !== policy) {
      const note = `${name} keeps its ISM policy ${id}, which is not flowferry's: retention and rollover are as that one says`
      changes.push({ kind: 'lifecycle', name, action: 'found', note })
      continue
    }
    // Just attached, an index has no version of the policy yet, and takes the newest.
    if (id && (!applied?.states || matches(states, applied.states))) continue
    if (!dryRun) await post(send, `/_plugins/_ism/${id ? 'change_policy' : 'add'}/${name}`, { policy_id: policy })
    changes.push({ kind: 'lifecycle', name, action: 'updated' })
  }
  return changes
}

/** ISM answers 200 also where it did nothing. */
async function post(send: SearchEngineRequest, path: string, body: object): Promise<void> {
  const { status, body: answer } = await send('POST', path, body)
  const { failures, failed_indices: failed } = (answer ?? {}) as { failures?: boolean; failed_indices?: unknown }
  if (status >= 300 || failures)
    throw new FlowferryError('TARGET_FAILED', `POST ${path} answered ${status}: ${JSON.stringify(failed ?? answer)}`)
}
