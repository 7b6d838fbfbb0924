import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { findConfig } from './find.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'flowferry-find-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const put = (...paths: string[]) => {
  for (const path of paths) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), '')
  }
}
const found = (from: string) => findConfig(join(folder, from))?.slice(folder.length + 1)

it.each(['ts', 'mts', 'js', 'mjs'])('finds flowferry.config.%s in the folder', (extension) => {
  put(`a/flowferry.config.${extension}`)
  expect(found('a')).toBe(`a/flowferry.config.${extension}`)
})

it('finds the nearest up to the root of the repository, and none above it', () => {
  put('flowferry.config.ts', 'repository/.git', 'repository/package/package.json', 'repository/package/src/x')
  expect(found('repository/package/src')).toBeUndefined()
  put('repository/flowferry.config.js')
  expect(found('repository/package/src')).toBe('repository/flowferry.config.js')
  put('repository/package/flowferry.config.ts')
  expect(found('repository/package/src')).toBe('repository/package/flowferry.config.ts')
})

it('finds it up to the root of the package where there is no repository', () => {
  put('flowferry.config.ts', 'package/package.json', 'package/src/deep/x')
  expect(found('package/src/deep')).toBeUndefined()
  put('package/flowferry.config.mjs')
  expect(found('package/src/deep')).toBe('package/flowferry.config.mjs')
})

it('looks into the folder alone where nothing says where a root is', () => {
  put('flowferry.config.ts', 'logs/x')
  expect(found('logs')).toBeUndefined()
})

it('refuses two in one folder', () => {
  put('flowferry.config.ts', 'flowferry.config.js')
  expect(() => findConfig(folder)).toThrow('has flowferry.config.ts and flowferry.config.js: remove one')
})
