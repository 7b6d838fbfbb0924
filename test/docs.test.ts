import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { type Alert, alerts, columnsOf, kibanaRule, openSearchMonitor } from '@flowferry/answers/alerts'
import { type Archive, type ErrorCode, errorCodes, FlowferryError, type Format } from '@flowferry/core'
import { formats } from '@flowferry/core/formats'
import { isTabular, usualMargins } from '@flowferry/core/internal'
import { minutes } from '@flowferry/core/schema'
import { describe, expect, test } from 'vitest'
import { type Fixture, fixtures } from './support/fixtures.ts'

const root = new URL('../', import.meta.url)
const read = (path: string) => readFileSync(new URL(path, root), 'utf8')

const cell = (text: string) => text.replaceAll('|', '\\|')

function formatPage({ kind, title, dataset, view, fields, mapping, archive, aliases = {} }: Format): string {
  return [
    `# ${title}`,
    '',
    `Records of kind \`${kind}\`, written to \`logs-${dataset}-<namespace>\`, in DuckDB seen in the view \`${view}\`. Made from the format's table; do not edit.`,
    '',
    "| AWS's field | type | document | |",
    '|---|---|---|---|',
    ...fields.map(({ name, type, targets, description }) => {
      const places = targets.map((target) => {
        const path = aliases[target]?.path
        return path
          ? `\`${target}\` (another name of \`${path}\`)`
          : `\`${target}\` ${mapping[target]?.type ?? ''}`.trim()
      })
      return `| \`${cell(name)}\` | ${cell(type)} | ${places.join(', ')} | ${cell(description)} |`
    }),
    '',
    ...Object.keys(mapping)
      .filter((path) => path.endsWith('.flow_log_id'))
      .flatMap((path) => [
        `\`${path}\` is no field of the record: it is the flow log that wrote the file, of the file's name. A file that somebody has named otherwise has none.`,
        '',
      ]),
    ...(archive.length > 0 ? filesTable(archive) : []),
  ].join('\n')
}

/** Where the files lie, and how far their records may be from the time in their key. */
function filesTable(archive: readonly Archive[]): string[] {
  const words = (time: number) => {
    const [count, unit] = time % minutes(60) === 0 ? [time / minutes(60), 'hour'] : [time / minutes(1), 'minute']
    return `${count} ${unit}${count === 1 ? '' : 's'}`
  }
  const rows = archive.map((one) => {
    const margins = [one.late ?? usualMargins.late, one.early ?? usualMargins.early].map(words)
    return `| ${[placeOf(one), ...margins].join(' | ')} |`
  })
  return [
    '## Files',
    '',
    '| on S3 | a record may be older than the time in its key | younger |',
    '|---|---|---|',
    ...rows,
    '',
  ]
}

function placeOf({ service, folders = ['region'], ids, stamped }: Archive): string {
  const below = folders === 'any' ? '…' : [...folders.map((folder) => `<${folder}>`), '<date>', ''].join('/')
  if (stamped) return `anywhere \`…<time>-<id>\`, or \`<account>/${below}\``
  const place = `\`AWSLogs/<account>/${service}/${below}\``
  return ids ? `${place}, or anywhere \`<id>.<hour>.…\`` : place
}

/** How it fires, and which products say it. */
function alertRow(alert: Alert, own: readonly Format[]): string {
  const { name, title, severity, counts, threshold, window, every, formats: datasets } = alert
  const columns = columnsOf(alert)
  const numbers = counts.map((one) => columns[one]!.heading).join(' or ')
  const least = columns[counts[0]!]!.unit === 'bytes' ? '1 GB' : String(threshold)
  const before = 'before' in alert && alert.before ? `, and ${alert.before.times} times what is usual` : ''
  const products = [
    ...('rule' in kibanaRule(alert, { formats: own }) ? ['Kibana'] : []),
    ...('monitor' in openSearchMonitor(alert, { formats: own }) ? ['OpenSearch'] : []),
  ]
  const logs = datasets.map((dataset) => `\`${dataset}\``).join(' ') || 'SQS'
  return `| \`${name}\` | ${title}. ${severity}, ${logs} | from ${least} ${numbers}${before}${products.length > 0 ? `; ${products.join(', ')}` : ''} | ${window}, ${every} |\n`
}

const all = await Promise.all(
  Object.entries(formats).map(async ([name, load]) => {
    const parser = await load()
    return { name, parser, format: parser.formats[0]! }
  }),
)

/** The encodings in which a format knows a file by its content, as its fixtures show, and Parquet. */
function encodingsOf({ name, parser }: (typeof all)[number]): string {
  const own = fixtures.filter(({ formatName }) => formatName === name)
  const claims = (text: string) =>
    parser.claims({ bucket: 'b', key: 'k', stored: Buffer.from(text), text }) === 'content'
  const isJson = (fixture: Fixture) => fixture.name.endsWith('.json')
  const lines = own.filter((one) => !isJson(one)).map(({ text }) => text)
  const named = own.filter(isJson).map(({ text }) => namesAndValues(text).map((row) => row.join('\t')))
  return [
    ['text', lines.some((text) => claims(text.replace(/^#.*\n/gm, '')))],
    [
      'W3C',
      [...lines, ...named.map(([names, values]) => `#Fields: ${names}\n${values}\n`)].some(
        (text) => text.startsWith('#') && claims(text),
      ),
    ],
    ['JSON', own.filter(isJson).some(({ text }) => claims(text))],
    ['[Parquet](../parquet.md)', isTabular(parser.schema)],
  ]
    .flatMap(([encoding, isRead]) => (isRead ? encoding : []))
    .join(', ')
}

/** Of the first object, which has a line of its own, stands before another, or in one value with the others. */
function namesAndValues(text: string): [string[], string[]] {
  const line = text.split(/\n|(?<=\})(?=\{)/)[0]!
  const [first] = [JSON.parse(line.endsWith('}') ? line : text)].flat()
  return [Object.keys(first), Object.values(first).map((value) => (typeof value === 'object' ? '-' : String(value)))]
}

// `npx vitest run test/docs.test.ts -u` writes the pages again.
describe('the pages that are made from code', () => {
  test.each(all)('docs/formats/$name.md', async ({ name, format }) => {
    await expect(formatPage(format)).toMatchFileSnapshot(`../docs/formats/${name}.md`)
  })

  test('docs/formats has no other', () => {
    const pages = readdirSync(new URL('docs/formats/', root)).map((page) => page.replace('.md', ''))
    expect(['README', ...all.map(({ name }) => name)]).toEqual(expect.arrayContaining(pages))
  })

  // By what a file is known people write: the third column stays.
  test("docs/formats/README.md has each format, its files' places and its encodings", async () => {
    const page = read('docs/formats/README.md')
    const rows = all.map((one) => {
      const { name, format } = one
      const [, known] = new RegExp(`^\\| \\[[^|]+\\(${name}\\.md\\) \\|[^|]*\\| ([^|]+) \\|`, 'm').exec(page) ?? []
      expect(known, `${name} has no row, or an empty third column`).toMatch(/\w/)
      const places = [...new Set(format.archive.map(placeOf))].join('; ') || 'where you have it put'
      return `| [${format.title}](${name}.md) | ${places} | ${known} | ${encodingsOf(one)} |\n`
    })
    const made = page.replace(/^(\| log \|.*\n\|[-|]+\n)(?:\|.*\n)*/m, (_, head: string) => head + rows.join(''))
    await expect(made).toMatchFileSnapshot('../docs/formats/README.md')
  })

  test("README.md's list of formats", async () => {
    const list = all.map(({ name, format }) => `[${format.title}](docs/formats/${name}.md)`).join(', ')
    const page = read('README.md').replace(/^(The formats, field by field: ).*$/m, `$1${list}.`)
    expect(page).toContain(list)
    await expect(page).toMatchFileSnapshot('../README.md')
  })

  test('docs/alerts.md has each alert as it is declared', async () => {
    const own = all.map(({ format }) => format)
    const page = read('docs/alerts.md')
      .replace(/^(\| alert \|.*\n\|[-|]+\n)(?:\|.*\n)*/m, `$1${alerts.map((alert) => alertRow(alert, own)).join('')}`)
      .replace(
        /^(To know of each:\n\n)(?:- .*\n)*/m,
        `$1${alerts.map(({ name, know }) => `- \`${name}\`: ${know}\n`).join('')}`,
      )
    for (const { name } of alerts) expect(page).toContain(`- \`${name}\`: `)
    await expect(page).toMatchFileSnapshot('../docs/alerts.md')
  })

  test('docs/errors.md', async () => {
    const rows = Object.entries(errorCodes).map(
      ([code, { retryable, advice }]) =>
        `## ${code}\n\n${advice}\n\n${retryable ? 'Another try may succeed.' : 'Another try gives the same.'}\n`,
    )
    const page = [
      '# Errors\n',
      'Every error has one of these codes. Made from `packages/core/src/errors.ts`; do not edit.\n',
      ...rows,
    ].join('\n')
    await expect(page).toMatchFileSnapshot('../docs/errors.md')
  })

  test("every error's link leads to its heading", () => {
    const anchors = [...read('docs/errors.md').matchAll(/^## (.+)$/gm)].map(([, heading]) => heading!.toLowerCase())
    const logged = (code: string) => JSON.parse(JSON.stringify(new FlowferryError(code as ErrorCode, 'x'))).docs
    const links = Object.keys(errorCodes).map((code) => new URL(logged(code)))
    expect(links.map(({ hash }) => hash.slice(1))).toEqual(anchors)
    expect(links[0]!.pathname).toMatch(/\/docs\/errors\.md$/)
  })
})

/** Of what stands in a page every block is in an example, which CI compiles and runs. */
function expectShown(page: string, least: number) {
  const sources = readdirSync(new URL('examples/', root)).flatMap((example) =>
    readdirSync(new URL(`examples/${example}/src/`, root))
      .filter((name) => name.endsWith('.ts'))
      .map((name) => read(`examples/${example}/src/${name}`)),
  )
  const blocks = [...read(page).matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code!)
  expect(blocks.length).toBeGreaterThanOrEqual(least)
  for (const block of blocks)
    expect(
      sources.some((source) => source.includes(block)),
      block,
    ).toBe(true)
}

test('docs/composing.md shows code that is in an example', () => {
  expectShown('docs/composing.md', 7)
})

describe('README.md', () => {
  const readme = read('README.md')

  test('shows code that is in an example, which CI compiles and runs', () => {
    expectShown('README.md', 3)
  })

  test('keeps the first sample to ten lines', () => {
    expect(/```ts\n([\s\S]*?)```/.exec(readme)![1]!.trimEnd().split('\n').length).toBeLessThanOrEqual(10)
  })
})

test('docs/config.md shows the config of the example', () => {
  const [, shown] = /```ts\n([\s\S]*?)```/.exec(read('docs/config.md'))!
  expect(shown).toBe(read('examples/custom-parser/flowferry.config.ts'))
})

describe('the pages', () => {
  const under = (folder: string, deep = false) =>
    readdirSync(new URL(folder, root), { recursive: deep, encoding: 'utf8' })
      .filter((path) => path.endsWith('.md') && !path.includes('node_modules'))
      .map((path) => folder + path)
  const packages = readdirSync(new URL('packages/', root)).map((name) => `packages/${name}/README.md`)
  const docs = under('docs/', true)
  const pages = [
    'README.md',
    'bench/RESULTS.md',
    'examples/lambda/README.md',
    'examples/alerts-lambda/README.md',
    'examples/worker/README.md',
    ...packages,
    ...docs,
  ]
  const anchorsOf = (text: string) =>
    [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
      heading!
        .toLowerCase()
        .replace(/[^\w\s-]/g, '')
        .replaceAll(' ', '-'),
    )
  const here = /^https:\/\/github\.com\/flowferry\/flowferry\/(blob|tree)\/main/
  const links = (page: string) =>
    [...read(page).matchAll(/\]\(([^)]*)\)/g)]
      .map(([, link]) => link!.replace(here, ''))
      .filter((link) => !link.startsWith('http'))
      .map((link) => {
        const { pathname, hash } = new URL(link, `file:///${page}`)
        return { path: pathname.slice(1), hash: hash.slice(1) }
      })

  test.each(pages)('%s links to files and headings that are there', (page) => {
    for (const { path, hash } of links(page)) {
      expect(existsSync(new URL(path, root)), path).toBe(true)
      if (hash !== '') expect(anchorsOf(read(path)), path).toContain(hash)
    }
  })

  test('are each in docs/README.md, or are of a format and in docs/formats/README.md', () => {
    const listed = ['docs/README.md', 'docs/formats/README.md'].flatMap((page) => links(page).map(({ path }) => path))
    const listable = pages.filter((page) => page !== 'docs/README.md')
    expect(listable.filter((page) => !listed.includes(page))).toEqual([])
  })
})
