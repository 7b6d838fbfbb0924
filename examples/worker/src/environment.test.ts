import { readFileSync } from 'node:fs'
import { FlowferryError, ingest } from '@flowferry/core'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { memoryObject, memorySink } from '@flowferry/core/testing'
import { afterEach, expect, it, vi } from 'vitest'
import { parse } from 'yaml'
import { metricFilter } from '../../../test/support/cloudformation.ts'

afterEach(() => {
  vi.resetModules()
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
})

it('tells of malformed lines, which fail nothing, and of nothing that is whole', async () => {
  for (const name of ['SEARCH_URL', 'QUEUE_URL', 'DEAD_LETTER_QUEUE_URL']) vi.stubEnv(name, 'https://example.test/1/q')
  const { options } = await import('./environment.ts')
  const lines = Array.from({ length: 20 }, (_, n) => `5 192.0.2.1 192.0.2.2 ${1_795_339_000 + n}`)
  const body = (last: string) => ['version srcaddr dstaddr end', ...lines, last].join('\n')
  const report = await ingest({
    source: [
      { messageId: 'whole', objects: [memoryObject({ key: 'whole', body: body(lines[0]!) })] },
      { messageId: 'one bad', objects: [memoryObject({ key: 'one bad', body: body('no flow log') })] },
    ],
    parser: vpcFlow,
    sink: memorySink(),
  })
  expect(report.ok).toBe(true)
  const told: string[] = []
  vi.spyOn(console, 'error').mockImplementation((line) => told.push(line))
  options.onReport!(report)
  const template = readFileSync(new URL('../template.yaml', import.meta.url), 'utf8')
  const { FilterPattern } = parse(template, { logLevel: 'silent' }).Resources.MalformedLines.Properties
  expect(told.map(metricFilter(FilterPattern))).toEqual([true])
  expect(told.map((line) => JSON.parse(line))).toMatchObject([
    { messageId: 'one bad', objects: [{ key: 'one bad', status: 'done', malformed: 1 }] },
  ])
})

it('names each object that failed in the log, also where all share the error', async () => {
  for (const name of ['SEARCH_URL', 'QUEUE_URL', 'DEAD_LETTER_QUEUE_URL']) vi.stubEnv(name, 'https://example.test/1/q')
  const { options } = await import('./environment.ts')
  const error = new FlowferryError('TARGET_UNREACHABLE', 'No answer')
  const body = 'version srcaddr dstaddr end\n5 10.0.0.1 10.0.0.2 1795339000\n'
  const report = await ingest({
    source: ['first', 'second'].map((key) => ({ messageId: key, objects: [memoryObject({ key, body })] })),
    parser: vpcFlow,
    sink: {
      write: async (slices) => ({
        slices: slices.map(({ length }) => ({ written: 0, duplicate: 0, rejected: [], unfinished: length })),
        error,
        stop: true,
      }),
    },
  })
  const lines: string[] = []
  vi.spyOn(console, 'error').mockImplementation((line) => lines.push(line))
  options.onReport!(report)
  expect(lines.map((line) => JSON.parse(line))).toMatchObject(
    ['first', 'second'].map((key) => ({ messageId: key, objects: [{ key, code: 'TARGET_UNREACHABLE' }] })),
  )
})

it('names all that is missing, before it receives a message', async () => {
  for (const name of ['SEARCH_URL', 'QUEUE_URL', 'DEAD_LETTER_QUEUE_URL']) vi.stubEnv(name, '')
  await expect(import('./environment.ts')).rejects.toThrow(
    'Not set in the environment: SEARCH_URL, QUEUE_URL, DEAD_LETTER_QUEUE_URL',
  )
})
