import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { circumstances, commonKinds, serverKinds } from './chaos/faults.ts'

const root = new URL('../', import.meta.url)
const page = readFileSync(new URL('docs/faults.md', root), 'utf8')
const rows = page.split('\n').filter((line) => line.startsWith('| ') && /`\]\(\.\.\//.test(line))

/** Files that a row links to, each with the titles that follow it in quotes. */
function proofs(row: string): { path: string; titles: string[] }[] {
  return row
    .split('[`')
    .slice(1)
    .map((part) => ({
      path: /\]\(\.\.\/([^)]+)\)/.exec(part)![1]!,
      titles: [...part.matchAll(/"([^"]+)"/g)].map(([, title]) => title!),
    }))
}

describe('docs/faults.md', () => {
  test.each(rows.map((row) => [row.split('|')[1]!.trim(), row]))('%s: its test is there', (_, row) => {
    for (const { path, titles } of proofs(row)) {
      expect(existsSync(new URL(path, root)), path).toBe(true)
      const source = readFileSync(new URL(path, root), 'utf8')
      expect(titles.length, path).toBeGreaterThan(0)
      for (const title of titles) expect(source, `${path}: "${title}"`).toContain(title)
    }
  })

  test('tells of every fault that the chaos suite makes', () => {
    const untold = [...commonKinds, ...serverKinds, ...circumstances].filter((kind) => !page.includes(`"${kind}"`))
    expect(untold).toEqual(['S3 answers late', 'bulk answered late'])
  })
})
