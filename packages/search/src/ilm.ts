import { isDeepStrictEqual } from 'node:util'
import type { IndexPer } from './dates.ts'
import { datedAge, isLifecycleAsked, type LifecycleOptions, rolloverOf } from './lifecycle.ts'
import { matches } from './matches.ts'
import { type IndexTemplate, ilmPolicyOf, type StreamLifecycle } from './template.ts'
import type { SearchEngineRequest, SetupChange } from './types.ts'

/**
 * The ILM policy: rollover for data streams, and deletion where a retention is given. ILM counts from the rollover of a
 * backing index, and from the creation of any other.
 * https://www.elastic.co/docs/manage-data/lifecycle/index-lifecycle-management
 */
function ilmPolicy({ retention, rollover }: LifecycleOptions, indexPer?: IndexPer) {
  const { maxAge, maxPrimaryShardSize, maxDocs } = rolloverOf(rollover)
  const conditions = { max_age: maxAge, max_primary_shard_size: maxPrimaryShardSize, max_docs: maxDocs }
  const age = retention && (indexPer ? datedAge(retention, indexPer) : retention)
  return {
    policy: {
      phases: {
        ...(!indexPer && { hot: { min_age: '0ms', actions: { rollover: conditions } } }),
        ...(age && { delete: { min_age: age, actions: { delete: {} } } }),
      },
      _meta: { managed_by: 'flowferry' },
    },
  }
}

/** Installs the policy that the template names, where this run asks for one. Before the template, which names it. */
export async function putIlmPolicy(
  send: SearchEngineRequest,
  template: IndexTemplate,
  options: LifecycleOptions & { readonly indexPer?: IndexPer; readonly dryRun: boolean },
): Promise<SetupChange[]> {
  const name = ilmPolicyOf(template.template.settings)
  if (name === undefined || !isLifecycleAsked(options)) return []
  const wanted = ilmPolicy(options, options.indexPer)
  const { status, body } = await send('GET', `/_ilm/policy/${name}`)
  const existing = status === 404 ? undefined : (body as Record<string, InstalledPolicy | undefined>)[name]
  const phases = Object.keys(existing?.policy?.phases ?? {}).sort()
  // A phase that is not wanted any more deletes.
  const same = matches(wanted, existing) && isDeepStrictEqual(phases, Object.keys(wanted.policy.phases).sort())
  if (!same && !options.dryRun) await send('PUT', `/_ilm/policy/${name}`, wanted)
  return [{ kind: 'lifecycle policy', name, action: same ? 'unchanged' : existing ? 'updated' : 'created' }]
}

interface InstalledPolicy {
  readonly policy?: { readonly phases?: object }
}

/**
 * Gives data streams and indices that are there the lifecycle of their template: it applies to later ones only. A run
 * that does not speak of lifecycles gives one to those streams alone that have none, and it deletes nothing.
 */
export async function updateLifecycles(
  send: SearchEngineRequest,
  name: string,
  template: IndexTemplate,
  names: readonly string[],
  options: LifecycleOptions & { readonly dryRun: boolean },
): Promise<SetupChange[]> {
  const changes: SetupChange[] = []
  const isAsked = isLifecycleAsked(options)
  const policy = ilmPolicyOf(template.template.settings)
  for (const target of names) {
    const { lifecycle } = template.template
    const policies = isAsked || lifecycle ? await ilmPoliciesOf(send, target) : []
    if (lifecycle) {
      const found = await lifecycleOf(send, target)
      const isManaged = found !== undefined || policies.some(([, installed]) => installed !== undefined)
      const wanted = isAsked ? lifecycle : { enabled: true }
      if (isAsked ? !isSame(wanted, found) : !isManaged) {
        if (!options.dryRun) await send('PUT', `/_data_stream/${target}/_lifecycle`, wanted)
        changes.push({ kind: 'lifecycle', name: target, action: 'updated' })
      }
    }
    if (!isAsked) continue
    for (const [index, installed] of policies) {
      if (installed === policy) continue
      if (installed !== undefined && installed !== name) {
        const note = `${index} keeps its ILM policy ${installed}, which is not flowferry's: retention and rollover are as that one says`
        changes.push({ kind: 'lifecycle', name: index, action: 'found', note })
        continue
      }
      const body = { index: { lifecycle: { name: policy ?? null } } }
      if (!options.dryRun) await send('PUT', `/${index}/_settings`, body)
      changes.push({ kind: 'lifecycle', name: index, action: 'updated' })
    }
  }
  return changes
}

function isSame(wanted: StreamLifecycle, found: StreamLifecycle | undefined): boolean {
  return found?.enabled === wanted.enabled && found?.data_retention === wanted.data_retention
}

async function lifecycleOf(send: SearchEngineRequest, stream: string): Promise<StreamLifecycle | undefined> {
  const { body } = await send('GET', `/_data_stream/${stream}`)
  return (body as { data_streams?: { lifecycle?: StreamLifecycle }[] } | undefined)?.data_streams?.[0]?.lifecycle
}

/** The ILM policy of an index, or of each backing index. */
async function ilmPoliciesOf(send: SearchEngineRequest, target: string): Promise<[string, string | undefined][]> {
  const members = ['lifecycle.name', 'uuid'].map((member) => `*.settings.index.${member}`)
  const { body } = await send('GET', `/${target}/_settings?filter_path=${members.join(',')}`)
  const indices = Object.entries((body ?? {}) as Record<string, { settings?: Parameters<typeof ilmPolicyOf>[0] }>)
  return indices.map(([index, { settings }]) => [index, ilmPolicyOf(settings ?? {})])
}
