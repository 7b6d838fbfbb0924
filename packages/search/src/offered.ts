import type { SearchEngine } from './settings.ts'
import { type SavingType, savingTypesOf } from './template.ts'
import type { SearchEngineRequest } from './types.ts'

const name = 'flowferry-types-of-fields'
/** Where a template is only tried: for an index that nobody makes. */
export const trial = `/_index_template/_simulate_index/${name}`

/**
 * Which of the types that save the cluster has. Elasticsearch has them in its free distribution, and not in every build.
 * A simulation tells without changing anything: the engine refuses a type that it lacks.
 * https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-indices-simulate-template
 */
export async function offeredTypes(send: SearchEngineRequest, engine: SearchEngine): Promise<SavingType[]> {
  const offered: SavingType[] = []
  for (const type of savingTypesOf[engine]) if (await isOffered(send, type)) offered.push(type)
  return offered
}

async function isOffered(send: SearchEngineRequest, type: SavingType): Promise<boolean> {
  const field = { type, ...(type === 'constant_keyword' && { value: 'logs' }) }
  const { status } = await send('POST', trial, {
    index_patterns: [name],
    template: { mappings: { properties: { field } } },
  })
  return status < 300
}
