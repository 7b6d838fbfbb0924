import { expect, test } from 'vitest'
import { memorySlice } from '../testing.ts'
import { type EngineRequest, setupTemplates } from './template.ts'

const { format } = memorySlice({ records: 1 })

/** An engine with one data stream, that keeps its templates and refuses what `refuse` says. */
function engine(refuse: (path: string) => boolean) {
  const templates = new Map<string, unknown>()
  const mapped: string[] = []
  const request: EngineRequest = async (method, path, body) => {
    const name = path.replace('/_index_template/', '')
    if (refuse(path)) return { status: 403, body: { error: { type: 'security_exception', reason: 'no manage' } } }
    if (path.startsWith('/_data_stream/')) return { status: 200, body: { data_streams: [{ name: 'logs-x' }] } }
    if (path.endsWith('/_mapping')) mapped.push(path)
    else if (method === 'PUT') templates.set(name, body)
    else if (!templates.has(name)) return { status: 404, body: {} }
    return { status: 200, body: { index_templates: [{ index_template: templates.get(name) }] } }
  }
  return { request, mapped }
}

test('setup that failed at a data stream gives it its fields when it is run again', async () => {
  let denied = true
  const { request, mapped } = engine((path) => denied && path.endsWith('/_mapping'))
  const setup = () => setupTemplates(request, 'elasticsearch', { formats: [format] })
  await expect(setup()).rejects.toMatchObject({ code: 'TARGET_UNAUTHORIZED' })
  denied = false
  expect(await setup()).toMatchObject([{ action: 'created' }, { kind: 'mapping', name: 'logs-x', action: 'updated' }])
  expect(mapped).toEqual(['/logs-x/_mapping'])
  expect(await setup()).toMatchObject([{ action: 'unchanged' }])
})
