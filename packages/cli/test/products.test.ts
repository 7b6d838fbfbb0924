import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect } from 'vitest'
import { onServers } from '../../../test/support/servers.ts'
import { runHere } from '../src/test-io.ts'

const { test, urls } = onServers('elasticsearch', 'opensearch', 'aws')
const [elasticsearch = '', openSearch = '', s3 = ''] = urls

let file: string
let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'flowferry-'))
  file = join(folder, 'flows.log')
  await writeFile(file, 'version srcaddr dstaddr action end\n5 192.0.2.1 192.0.2.2 REJECT 1790000000\n')
})
afterEach(() => rm(folder, { recursive: true }))

describe('a product that is another than the one that is named', () => {
  test.each([
    ['opensearch', elasticsearch, 'is Elasticsearch, not OpenSearch: name elasticsearch in place of opensearch'],
    ['elasticsearch', openSearch, 'name opensearch in place of elasticsearch'],
    ['opensearch', s3, 'answers with a page, not with JSON, and is no OpenSearch'],
    ['elasticsearch', s3, 'is no Elasticsearch'],
    ['opensearch', openSearch.replace('http:', 'https:'), 'the server speaks http, and not https'],
    ['elasticsearch', elasticsearch.replace('http:', 'https:'), 'the server speaks http, and not https'],
  ])('is told before anything is read: %s at %s', async (engine, url, words) => {
    for (const command of [
      ['ingest', file, '--to'],
      ['setup', '--to'],
      ['ask', 'health', '--from'],
    ]) {
      const { code, stdout, stderr } = await runHere([...command, engine, '--url', url])
      expect(stderr).toContain(words)
      expect(stderr.trimEnd().split('\n')).toHaveLength(1)
      expect(stdout).toBe('')
      expect(code).toBe(2)
    }
  })

  test.each([
    ['elasticsearch', elasticsearch],
    ['opensearch', openSearch],
  ])('is none: %s at %s', async (engine, url) => {
    const { code, stdout, stderr } = await runHere(['setup', '--to', engine, '--url', url, '--dry-run', '--json'])
    expect(code, stderr).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ dryRun: true })
  })
})
