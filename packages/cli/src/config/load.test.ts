import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { runHere } from '../test-io.ts'

// A machine that does other things as well is slow, not wrong.
vi.setConfig({ testTimeout: 60_000 })

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'flowferry-config-'))
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  writeFileSync(join(folder, 'flow.log'), `${header}\n${flow(22)}\n${flow(443)}\n`)
  writeFileSync(
    join(folder, 'notes.txt'),
    'note: 2026-11-22T10:15:32.000Z hello\nnote: 2026-11-22T10:15:33.000Z world\n',
  )
})
afterEach(() => rmSync(folder, { recursive: true }))

const header = 'version srcaddr dstaddr dstport end'
const flow = (port: number) => `5 10.0.0.1 192.0.2.7 ${port} 1790000000`

/** A parser of `note: TIME TEXT` by hand, without any library: what a config needs at the least. */
const notes = `{
  formats: [{ kind: 'notes', title: 'Notes', dataset: 'custom.notes', mapping: { message: { type: 'text' } }, fields: [], archive: [] }],
  claims: ({ text }) => (text.startsWith('note: ') ? 'content' : undefined),
  async *parse(object) {
    const pieces = []
    for await (const bytes of (await object.open()).body) pieces.push(bytes)
    const records = Buffer.concat(pieces).toString().trimEnd().split('\\n').map((line) => ({ kind: 'notes', line }))
    yield {
      format: this.formats[0], length: records.length, records, ordinals: records.map((_, index) => index), bytes: 100,
      document: (index) => ({ '@timestamp': records[index].line.slice(6, 30), message: records[index].line.slice(31) }),
    }
  },
}`
const config = (members: string, name = 'flowferry.config.js') =>
  writeFileSync(join(folder, name), `export default { ${members} }\n`)
const runIn = (...args: string[]) => runHere(args, { cwd: folder })
const path = (name: string) => join(folder, name)
const documents = (stdout: string) =>
  stdout
    .split('\n')
    .filter((text) => text !== '')
    .map((text) => JSON.parse(text))

describe('a config', () => {
  it('is JavaScript, or TypeScript with types, enums and what it imports', async () => {
    config(`formats: { notes: ${notes} }`)
    const { code, stdout, stderr } = await runIn('parse', path('notes.txt'))
    expect(stderr).toBe(`${path('notes.txt')} (notes): 2 records: 2 printed\n`)
    expect(documents(stdout).map(({ message }) => message)).toEqual(['hello', 'world'])
    expect(code).toBe(0)
    rmSync(path('flowferry.config.js'))
    writeFileSync(path('port.ts'), 'export enum Port { Https = 443 }\n')
    writeFileSync(
      path('flowferry.config.ts'),
      `import { Port } from './port.ts'
       interface Flow { readonly kind: string; readonly dstport?: number }
       const wanted: number = await Promise.resolve(Port.Https)
       export default { filter: (record: Flow): boolean => record.dstport === wanted }\n`,
    )
    const filtered = await runIn('parse', path('flow.log'))
    expect(filtered.stderr).toContain('2 records: 1 printed, 1 filtered\n')
    expect(documents(filtered.stdout).map(({ destination }) => destination.port)).toEqual([443])
  })

  it('is named by --config, and left out by --no-config', async () => {
    mkdirSync(path('elsewhere'))
    writeFileSync(path('elsewhere/mine.mts'), 'export default { filter: () => false }\n')
    const named = await runIn('parse', path('flow.log'), '--config', 'elsewhere/mine.mts')
    expect(named.stderr).toContain('2 records: 0 printed, 2 filtered')
    config('wrong: 1')
    expect((await runIn('parse', path('flow.log'))).code).toBe(2)
    const without = await runIn('parse', path('flow.log'), '--no-config')
    expect(without).toMatchObject({ code: 0, stderr: expect.stringContaining('2 records: 2 printed\n') })
  })

  it("has formats that --format names, and that are asked before AWS's", async () => {
    config(
      `formats: { notes: ${notes}, 'vpc-flow': { ...${notes}, formats: [{ kind: 'vpcflow', title: '', dataset: 'aws.vpcflow', mapping: {}, fields: [], archive: [] }] } }`,
    )
    const named = await runIn('parse', path('notes.txt'), '--format', 'notes')
    expect(named.stderr).toContain('(notes): 2 records')
    const replaced = await runIn('parse', path('notes.txt'), '--format', 'vpc-flow')
    expect(replaced.stderr).toContain('(vpc-flow): 2 records')
    const unknown = await runIn('parse', path('notes.txt'), '--format', 'note')
    expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining('not "note"; is it "notes"?') })
    writeFileSync(path('other.txt'), 'dear diary\n')
    expect((await runIn('parse', path('other.txt'))).stderr).toContain('does not: notes, vpc-flow, ')
  })

  it('has enrichments for the formats that take them, and says for which they are not', async () => {
    const enrichment = `{ name: 'ends', derived: (derive) => [derive('labels.end', ['source.ip'], (ip) => 'of ' + ip)] }`
    config(`formats: { notes: ${notes} }, enrichments: [${enrichment}]`)
    const { stdout, stderr } = await runIn('parse', path('flow.log'))
    expect(documents(stdout)[0].labels).toEqual({ end: 'of 10.0.0.1' })
    expect(stderr).toContain('note: enrichments of the config are not for notes')
    const alone = await runIn('parse', path('flow.log'), '--format', 'vpc-flow')
    expect(alone.stderr).not.toContain('note: ')
  })

  it('says which store, beside it, and its documents', async () => {
    mkdirSync(path('deep'))
    config(`formats: { notes: ${notes} }, store: { to: 'duckdb:logs.db' }`)
    const { code, stderr } = await runHere(['ingest', path('notes.txt')], { cwd: path('deep') })
    expect(stderr).toContain(`stored, to ${path('logs.db')}\n`)
    expect(code).toBe(0)
    const why = await runIn('why', '10.0.0.1', '192.0.2.7:443')
    expect(why).toMatchObject({ code: 5, stderr: '' })
    const none = await runIn('why', '10.0.0.1', '192.0.2.7:443', '--no-config')
    expect(none).toMatchObject({ code: 2, stderr: expect.stringContaining('Say where the logs are: --from') })
  })

  it('whose own file fails tells which, and the line', async () => {
    mkdirSync(path('src'))
    writeFileSync(path('src/mine.ts'), '\nexport const mine: string = undefined!\nmine.at(0)\n')
    writeFileSync(path('flowferry.config.ts'), "import { mine } from './src/mine.ts'\nexport default { mine }\n")
    const { code, stderr } = await runIn('parse', path('flow.log'))
    expect(stderr).toContain(` (${join('src', 'mine.ts')}, line 3)\n`)
    expect(code).toBe(2)
  })

  it('has formats without a table, whose fields explain does not call lost', async () => {
    config(`formats: { notes: ${notes} }`)
    const { code, stdout } = await runIn('explain', path('notes.txt'))
    expect(stdout).toContain('not told: a function of the format makes the document')
    expect(stdout).not.toContain('nowhere')
    expect(code).toBe(0)
  })

  it.each([
    ['no default export', 'export const x = 1', 'exports no default: export default defineConfig({ … })'],
    ['an error of its own', "throw new Error('no such day')", ': no such day (flowferry.config.ts, line 1)\n'],
    ['a syntax that is none', 'export default {', 'flowferry.config.ts: '],
    ['a package that is not there', "export { x as default } from '@flowferry/gone/x'", 'npm install @flowferry/gone'],
    [
      'a list',
      'export default []',
      'the default export takes an object: { formats, enrichments, store, filter, alerts }',
    ],
    ['a member that is misspelt', 'export default { enrichment: [] }', 'has no "enrichment"; is it "enrichments"?'],
    ['a member that nobody knows', 'export default { zzz: [] }', 'has no "zzz": it takes formats, '],
    ['a list of formats', 'export default { formats: [] }', 'formats takes an object, parsers by their names'],
    ['a format that is none', 'export default { formats: { x: {} } }', 'formats.x is no parser'],
    ['a name with a space', `export default { formats: { 'a b': ${notes} } }`, 'formats has the name "a b"'],
    ['a name that is taken', `export default { formats: { rejected: ${notes} } }`, 'formats has "rejected"'],
    ['an enrichment that is none', 'export default { enrichments: [{}] }', 'enrichments[0] is none'],
    [
      'an enrichment that no format takes',
      "export default { enrichments: [{ name: 'x', derived: (derive) => [derive('source.ip', ['source.port'], () => '')] }] }",
      ': for the format vpc-flow: ',
    ],
    ['a filter that is none', 'export default { filter: {} }', 'filter takes a function'],
    ['no store', 'export default { store: {} }', 'store.to takes elasticsearch, opensearch or duckdb:FILE'],
    ['a store that is none', "export default { store: { to: 'mysql' } }", 'store.to takes elasticsearch'],
    [
      'a misspelt option',
      "export default { store: { to: 'opensearch', uri: '' } }",
      'store has no "uri"; is it "url"?',
    ],
    [
      'a word of another',
      "export default { store: { to: 'opensearch', indexPer: 'week' } }",
      'store.indexPer takes day or month',
    ],
    ['a URL that is none', "export default { store: { to: 'opensearch', url: 'es:9200' } }", 'store.url is no URL'],
    [
      'a password',
      "export default { store: { to: 'opensearch', url: 'https://me:hidden@es:9200' } }",
      'store.url must hold no password',
    ],
    [
      'what DuckDB has not',
      "export default { store: { to: 'duckdb:x', gzip: true } }",
      'store.gzip does not go with duckdb',
    ],
    ['two places', "export default { store: { to: 'opensearch', index: 'x', indexPer: 'day' } }", 'are two ways'],
    [
      'what overwrites nothing',
      "export default { store: { to: 'opensearch', op: 'index' } }",
      'needs indexPer or index',
    ],
  ])('with %s is refused with 2', async (_, text, words) => {
    writeFileSync(path('flowferry.config.ts'), `${text}\n`)
    const { code, stdout, stderr } = await runIn('parse', path('flow.log'), '--format', 'vpc-flow')
    expect(stderr.startsWith(`error: ${path('flowferry.config.ts')}`), stderr).toBe(true)
    expect(stderr).toContain(words)
    expect(stderr).not.toContain('hidden')
    expect(stdout).toBe('')
    expect(code).toBe(2)
  })

  it.each([
    ['is not there', 'gone.ts', '--config: there is no file'],
    ['is no module', 'flow.log', '--config takes a file .ts, .mts, .js or .mjs'],
  ])('that %s is refused with 2', async (_, name, words) => {
    const { code, stderr } = await runIn('parse', path('flow.log'), '--config', name)
    expect(stderr).toContain(words)
    expect(code).toBe(2)
  })

  const inFlows = (mapping: object) =>
    `formats: { flows: { ...${notes}, formats: [{ kind: 'x', title: '', dataset: 'aws.vpcflow', view: 'flows', mapping: ${JSON.stringify(mapping)}, fields: [], archive: [] }] } }`

  it.each([[], ['--format', 'rejected']])(
    "whose own format disagrees with AWS's of the same dataset is refused (%s %s)",
    async (...given) => {
      config(inFlows({ 'source.ip': { type: 'keyword' } }))
      const { code, stderr } = await runIn('parse', path('notes.txt'), ...given)
      expect(stderr).toContain('flowferry.config')
      expect(stderr).toContain(
        'vpcflow and x have one dataset, aws.vpcflow, and disagree on source.ip: {"type":"ip"} in',
      )
      expect(code).toBe(2)
    },
  )

  it("whose own format agrees with AWS's of the same dataset is taken", async () => {
    config(inFlows({ 'source.ip': { type: 'ip' } }))
    expect(await runIn('parse', path('notes.txt'))).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/notes\.txt \(flows\): 2 records: 2 printed\n$/),
    })
  })
})
