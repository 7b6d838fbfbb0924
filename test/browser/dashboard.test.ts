import { Client as Elasticsearch } from '@elastic/elasticsearch'
import type { Answer, Question, Store } from '@flowferry/answers'
import { duckdbStore } from '@flowferry/answers/duckdb'
import { elasticsearchStore } from '@flowferry/answers/elasticsearch'
import { openSearchStore } from '@flowferry/answers/opensearch'
import { FlowferryError } from '@flowferry/core'
import { duckdb } from '@flowferry/sink-duckdb'
import { Client as OpenSearch } from '@opensearch-project/opensearch'
import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { engines } from '../support/engines.ts'
import { searchServer } from '../support/search.ts'
import { go, launch, type Seen, settled, show, violations } from './browser.ts'
import { fill, now, own, parser } from './demo-data.ts'

const { formats } = parser
let browser: Browser
let seen: Seen | undefined
beforeAll(async () => {
  browser = await launch()
})
afterAll(() => browser?.close())
afterEach(async () => {
  const { errors = [], elsewhere = [], close } = seen ?? {}
  seen = undefined
  await close?.()
  expect({ errors, elsewhere }).toEqual({ errors: [], elsewhere: [] })
})

async function open(store: Store, more: Partial<Parameters<typeof show>[1]> = {}): Promise<Seen['page']> {
  seen = await show(browser, { store, formats, own, now, ...more })
  return seen.page
}

interface Opened {
  readonly store: Store
  readonly close: () => Promise<void>
}

const pair = '#/pair?a=10.20.2.41&b=10.20.4.15&port=9443'

const stores: readonly (readonly [name: string, open: (() => Promise<Opened>) | undefined])[] = [
  [
    'DuckDB',
    async () => {
      const sink = await duckdb()
      await fill(sink)
      return { store: duckdbStore({ connection: sink.connection, formats }), close: () => sink.close() }
    },
  ],
  ...engines.map(({ name, setup, sink }) => {
    const node = process.env[`FLOWFERRY_TEST_${name.toUpperCase()}`]
    const filled = async (): Promise<Opened> => {
      const { ask } = searchServer(node!)
      const remove = async () => {
        for (const { dataset } of formats) {
          await ask('DELETE', `/_data_stream/logs-${dataset}-*`)
          await ask('DELETE', `/_index_template/flowferry-${dataset}`)
        }
      }
      await remove()
      await setup(node!, { formats })
      await fill(sink(node!))
      for (const { dataset } of formats) await ask('POST', `/logs-${dataset}-*/_refresh`)
      const store =
        name === 'elasticsearch'
          ? elasticsearchStore({ client: new Elasticsearch({ node: node! }), formats })
          : openSearchStore({ client: new OpenSearch({ node: node! }), formats })
      return { store, close: remove }
    }
    return [name, node ? filled : undefined] as const
  }),
]

describe.each(stores)("the demo's hour, on %s", (name, fillStore) => {
  const here = fillStore ? test : test.skip
  let opened: Opened | undefined
  beforeAll(async () => {
    opened = await fillStore?.()
  })
  afterAll(() => opened?.close())

  here('leads from what is wrong to its cause and its records, by mouse', async () => {
    const page = await open(opened!.store)
    await settled(page)
    expect(await page.locator('main h1').innerText()).toMatch(/^2 faults, 2 to look at, 1 kind of change$/)
    expect(await page.locator('.when').innerText()).toContain('spans end there, not now')
    const card = page.locator('.card', { hasText: 'Services that do not answer' })
    expect(await card.locator('.sentence').innerText()).toContain('10.20.4.15 port 9443 left 32 of 108')
    await card.getByRole('link', { name: 'Why does 10.20.2.41 not reach 10.20.4.15?' }).click()

    await page.getByRole('heading', { level: 1, name: /drops the replies of 10\.20\.4\.15/ }).waitFor()
    await settled(page)
    const text = await page.locator('main').innerText()
    for (const words of [
      'High',
      '68 of 144',
      '14 s before',
      'CreateNetworkAclEntry',
      'ci-deployer',
      'aws ec2 describe-network-acls',
    ])
      expect(text).toContain(words)
    expect(text).toContain('--from duckdb:logs.db')
    expect(text).not.toContain('<store>')
    // A command in which something is still to be put is none to copy.
    expect(await page.locator('.command code', { hasText: '<' }).count()).toBe(0)
    expect(await page.locator('.stop').allInnerTexts()).toEqual([
      expect.stringMatching(/Request leaves A\s+✓ accepted, 68 records/),
      expect.stringMatching(/Request reaches B\s+✓ accepted, 68 records/),
      expect.stringMatching(/Reply leaves B\s+✕ REJECT, 68 records/),
      expect.stringMatching(/Reply reaches A\s+no record/),
    ])

    const brush = page.locator('.brush')
    await brush.scrollIntoViewIfNeeded()
    const box = (await brush.boundingBox())!
    await page.mouse.move(box.x + box.width * 0.4, box.y + 40)
    await page.mouse.down()
    await page.mouse.move(box.x + box.width * 0.7, box.y + 40, { steps: 8 })
    await page.mouse.up()
    await page.waitForURL(/since=2026-11-20T09%3A2\d/)
    await settled(page)
    await page.goBack()
    await page.waitForURL(/#\/pair\?a=10\.20\.2\.41&b=10\.20\.4\.15&port=9443$/)
    await settled(page)

    await page.getByRole('link', { name: 'All records of the pair' }).click()
    await page.getByRole('heading', { level: 1, name: /Flow records between/ }).waitFor()
    await settled(page)
    expect(await page.locator('tbody tr').count()).toBe(100)
    await page.getByText('Copy as').click()
    await page.getByRole('button', { name: /SQL/ }).click()
    expect(await page.evaluate(() => navigator.clipboard.readText())).toContain('10.20.4.15/32')
  })

  here('leads there by keyboard alone', async () => {
    const page = await open(opened!.store)
    await settled(page)
    await page.keyboard.press('/')
    await page.keyboard.type('10.20.2.41 10.20.4.15:9443')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { level: 1, name: /drops the replies/ }).waitFor()
    await settled(page)

    const isOn = (selector: string) => page.evaluate((one) => document.activeElement?.matches(one) === true, selector)
    for (let presses = 0; presses < 100 && !(await isOn('.brush')); presses++) await page.keyboard.press('Tab')
    expect(await isOn('.brush')).toBe(true)
    await page.keyboard.press('End')
    await page.keyboard.press('ArrowLeft')
    expect(await page.locator('.readout').innerText()).toContain('rejected')
    await page.keyboard.press('Shift+PageUp')
    await page.keyboard.press('Enter')
    await page.waitForURL(/since=.*until=/)
    await settled(page)

    await go(page, '#/network')
    await settled(page)
    const bars = page.getByRole('list', { name: 'Blocked connections by port' })
    await bars.getByRole('link').first().focus()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await page.waitForURL(/is=destination\.port%3A/)
    await settled(page)
    expect(await page.locator('.chip').innerText()).toMatch(/^destination\.port: 23/)
  })

  here('shows each dashboard and question', async () => {
    const page = await open(opened!.store)
    for (const hash of [
      '#/network',
      '#/audit',
      '#/cdn',
      '#/questions/unanswered',
      '#/questions/health',
      '#/flows?a=10.20.2.41',
      '#/pair?a=10.20.2.41',
      '#/service?b=10.20.4.15&port=9443',
    ]) {
      await go(page, hash)
      await settled(page)
      expect(await page.locator('[role=alert]').allInnerTexts(), hash).toEqual([])
      expect(await page.locator('tbody tr, .numbers dd').count(), hash).toBeGreaterThan(0)
    }
  })

  if (name === 'DuckDB')
    describe.each([
      ['light', 'light', 1280, ['#/now', pair, '#/network', '#/cdn', '#/questions', '#/flows?a=10.20.5.77']],
      ['dark', 'dark', 1280, ['#/now', pair, '#/cdn']],
      ['narrow', 'light', 360, ['#/now', pair, '#/network']],
    ] as const)('%s', (_, scheme, width, pages) => {
      here('has nothing that axe finds, and does not scroll sideways', async () => {
        const page = await open(opened!.store, { scheme, width })
        for (const hash of pages) {
          await go(page, hash)
          await settled(page)
          expect(await violations(page), hash).toEqual([])
          expect(
            await page.evaluate(() => document.documentElement.scrollWidth - innerWidth),
            hash,
          ).toBeLessThanOrEqual(0)
        }
      })
    })
})

const quiet = { newest: '2026-12-01T11:59:00.000Z', oldest: '2026-12-01T00:00:00.000Z' }
const answer = (rows: Answer['rows']): Answer => ({ rows, approximate: [] })
/** Answers how far the logs go, and leaves the rest to another. */
const withLogs = (ask: Store['ask']): Store => ({
  ask: async (question, signal) => {
    const isSpan = question.kind === 'groups' && 'oldest' in question.measures
    return isSpan ? answer([quiet]) : ask(question, signal)
  },
})

const hostile = [
  '<img src=x onerror="globalThis.hacked = 1">',
  '<script>globalThis.hacked = 1</script>',
  'javascript:globalThis.hacked=1',
  '\u001b[2J\u001b]0;title\u0007',
  'evil\u202egnp.exe\u2066',
  '"><svg onload=globalThis.hacked=1>',
  "'; DROP TABLE logs; --",
  '{{constructor.constructor("globalThis.hacked=1")()}}',
]

test('what strangers wrote into a log is text, in every page', async () => {
  const valueIn = (name: string, index: number) =>
    /time|first|last|newest|oldest|start/.test(name)
      ? quiet.newest
      : /port|records|calls|bytes|count|requests|errors|share|times|inside|rejected|unanswered|answered|refused/.test(
            name,
          )
        ? index + 1
        : hostile[index]!
  const page = await open(
    withLogs(async (question: Question) => {
      const names =
        question.kind === 'groups'
          ? [
              ...(question.groups ?? []).map((group) => (typeof group === 'string' ? group : group.field)),
              ...Object.keys(question.measures),
            ]
          : (question.fields ?? [])
      const row = (index: number) =>
        Object.fromEntries(names.map((one) => [one, one === '@timestamp' ? quiet.newest : valueIn(one, index)]))
      return answer(hostile.map((_, index) => row(index)))
    }),
  )
  for (const hash of [
    '#/now',
    '#/network',
    '#/audit',
    '#/cdn',
    '#/questions/iam-changes',
    `#/flows?interface=${encodeURIComponent(hostile[0]!)}`,
    `#/alerts/${encodeURIComponent(hostile[0]!)}`,
    `#/${encodeURIComponent(hostile[1]!)}`,
    `#/pair?a=${encodeURIComponent(hostile[1]!)}&b=${encodeURIComponent(hostile[3]!)}`,
  ]) {
    await go(page, hash)
    await page.waitForFunction(() => document.querySelector('[aria-busy="true"]') === null)
    const found = await page.evaluate(() => ({
      hacked: 'hacked' in globalThis,
      elements: document.querySelectorAll('main img, main script, svg[onload], [onerror]').length,
      links: [...document.querySelectorAll('a')].filter(({ protocol }) => protocol !== location.protocol).length,
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
      unprintable: /[\u0000-\u0008\u001b\u202e\u2066]/.test(document.body.innerText),
    }))
    expect(found, hash).toEqual({ hacked: false, elements: 0, links: 0, unprintable: false })
  }
  await go(page, '#/network')
  await settled(page)
  const text = await page.locator('main').innerText()
  expect(text).toContain(hostile[0])
  expect(text).toContain('evil\\u202egnp.exe')
  // An address that is none is refused, and said to be: nothing else is an error.
  seen!.errors.splice(0, Number.POSITIVE_INFINITY, ...seen!.errors.filter((one) => !/status of 400/.test(one)))
})

test('a store that is down is told of, and asked again', async () => {
  let isDown = true
  const page = await open(
    withLogs(async () => {
      if (isDown) throw new FlowferryError('TARGET_UNREACHABLE', 'connect ECONNREFUSED 127.0.0.1:9200')
      return answer([])
    }),
    { hash: '#/questions/talkers' },
  )
  const alert = page.getByRole('alert')
  await alert.waitFor()
  expect(await alert.innerText()).toContain('ECONNREFUSED')
  expect(await alert.innerText()).toContain('Check its address, network and health')
  await go(page, '#/now')
  await page.getByRole('heading', { level: 1, name: '9 could not be asked' }).waitFor()
  isDown = false
  await go(page, '#/questions/talkers')
  await settled(page)
  expect(await page.locator('main').innerText()).toContain('nothing')
  seen!.errors.splice(0, Number.POSITIVE_INFINITY, ...seen!.errors.filter((one) => !/status of 502/.test(one)))
})

test('an empty store is told of, with the command that fills it', async () => {
  const page = await open({ ask: async () => answer([]) })
  await page.getByRole('heading', { level: 1, name: 'The store is empty' }).waitFor()
  expect(await page.locator('main').innerText()).toContain('flowferry ingest s3://my-logs/AWSLogs/ --to duckdb:logs.db')
  expect(await violations(page)).toEqual([])
})

test('a slow store is waited for, and its work ends when the page goes, or with Stop', async () => {
  const running = new Set<AbortSignal>()
  const slow = (_: Question, signal?: AbortSignal) =>
    new Promise<Answer>((_, reject) => {
      running.add(signal!)
      signal!.addEventListener('abort', () => {
        running.delete(signal!)
        reject(signal!.reason)
      })
    })
  const page = await open(withLogs(slow), { hash: '#/questions/talkers' })
  await expect.poll(() => running.size).toBe(1)
  await page.getByRole('button', { name: /^Stop/ }).click()
  await expect.poll(() => running.size).toBe(0)
  await page.getByRole('button', { name: /^Ask again/ }).click()
  await expect.poll(() => running.size).toBe(1)
  await go(page, '#/questions')
  await expect.poll(() => running.size).toBe(0)
  await go(page, '#/network')
  await expect.poll(() => running.size).toBeGreaterThan(0)
  await page.close()
  await expect.poll(() => running.size).toBe(0)
})

test('a token of another run is told of, and a tab with the new one mends the old tab', async () => {
  const page = await open(withLogs(async () => answer([])))
  await settled(page)
  await page.evaluate(() => localStorage.setItem('flowferry-token', 'that-of-another-run'))
  await page.reload()
  const alert = page.getByRole('alert')
  await alert.waitFor()
  expect(await alert.innerText()).toContain('another run of flowferry serve')
  expect(await alert.innerText()).toContain('Open the address that flowferry serve printed')
  expect(await violations(page)).toEqual([])
  const other = await page.context().newPage()
  await other.goto(seen!.url)
  await other.locator('main h1').first().waitFor()
  expect(other.url()).not.toContain('token')
  await settled(page)
  expect(await alert.count()).toBe(0)
  seen!.errors.splice(0, Number.POSITIVE_INFINITY, ...seen!.errors.filter((one) => !/status of 401/.test(one)))
})

test('an address pasted into an open tab is taken, and a link with a token that is none ends no session', async () => {
  const page = await open(withLogs(async () => answer([])))
  await settled(page)
  const token = await page.evaluate(() => localStorage.getItem('flowferry-token'))
  await page.evaluate(() => localStorage.setItem('flowferry-token', 'that-of-another-run'))
  await page.reload()
  await page.getByRole('alert').waitFor()
  await page.goto(seen!.url)
  await page.locator('.when').waitFor()
  expect(page.url()).toMatch(/#\/now$/)
  expect(await page.evaluate(() => localStorage.getItem('flowferry-token'))).toBe(token)
  await settled(page)
  await page.goto(`${new URL(seen!.url).origin}/#token=that-of-a-stranger`)
  await page.waitForURL(/#\/now$/)
  await settled(page)
  await page.reload()
  await page.locator('.when').waitFor()
  expect(await page.evaluate(() => localStorage.getItem('flowferry-token'))).toBe(token)
  seen!.errors.splice(0, Number.POSITIVE_INFINITY, ...seen!.errors.filter((one) => !/status of 401/.test(one)))
})

test('what was stopped, or is not whole, is no all-clear', async () => {
  const never = (_: Question, signal?: AbortSignal) =>
    new Promise<Answer>((_, reject) => signal!.addEventListener('abort', () => reject(signal!.reason)))
  const page = await open(
    withLogs((question, signal) =>
      JSON.stringify(question).includes('aws.cloudtrail')
        ? never(question, signal)
        : Promise.resolve({ ...answer([]), partial: { why: 'a shard did not answer' } }),
    ),
  )
  for (const title of ['Denied calls', 'The pipeline']) {
    await page.getByRole('button', { name: `Stop: ${title}` }).click()
    await page.getByRole('button', { name: `Look again: ${title}` }).waitFor()
  }
  const head = page.locator('main h1')
  await expect.poll(() => head.innerText()).toMatch(/2 not looked for, 4 answers are not whole/)
  expect(await head.locator('.dot').getAttribute('class')).toBe('dot warn')
})

test('a copy that was made is seen to be, and a span that ends before it begins is told of', async () => {
  const page = await open(
    withLogs(async () => answer([])),
    { hash: '#/questions/talkers' },
  )
  await settled(page)
  await page.getByText('Copy as', { exact: true }).click()
  await page.getByRole('button', { name: /^KQL/ }).click()
  await page.getByText('Copied as KQL', { exact: true }).first().waitFor()
  expect(await page.locator('summary', { hasText: 'Copied as KQL' }).isVisible()).toBe(true)
  await page.getByTitle('Another span').click()
  const before = page.url()
  await page.getByLabel('From').fill('2026-12-01T13:00')
  await page.getByLabel('To', { exact: true }).fill('2026-12-01T12:00')
  await page.getByRole('button', { name: 'Show' }).click()
  const told = () => page.locator('input[name=to]').evaluate((input) => (input as HTMLInputElement).validationMessage)
  expect(await told()).toContain('after the beginning')
  expect(page.url()).toBe(before)
  await page.getByLabel('To', { exact: true }).fill('2026-12-01T14:00')
  await page.getByRole('button', { name: 'Show' }).click()
  await page.waitForURL(/until=2026-12-01T14/)
})

test('no task is long while a chart of 12,000 points is brushed', async () => {
  const page = await open(
    withLogs(async (question) => {
      const isChart = question.kind === 'groups' && question.groups?.includes('aws.cloudfront.edge_result_type')
      if (!isChart) return answer([])
      const from = Date.parse(question.span.from)
      const rows = Array.from({ length: 12_000 }, (_, index) => ({
        '@timestamp': new Date(from + (index % 300) * 10_000).toISOString(),
        'aws.cloudfront.edge_result_type': `Result${Math.floor(index / 300)}`,
        requests: 1 + ((index * 7919) % 100),
      }))
      return answer(rows)
    }),
    { hash: '#/cdn?since=2026-12-01T11%3A00%3A00Z&until=2026-12-01T11%3A50%3A00Z' },
  )
  await settled(page)
  const brush = page.locator('article', { hasText: 'Requests by result' }).locator('.brush').first()
  const box = (await brush.boundingBox())!
  let least = Number.POSITIVE_INFINITY
  // What else the machine does may hold it up once, but not each time.
  for (let round = 0; round < 5 && least > 0; round++) {
    await page.evaluate(() => {
      const tasks: number[] = []
      Object.assign(globalThis, { tasks })
      new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => duration))).observe({
        type: 'longtask',
      })
    })
    await page.mouse.move(box.x + 5, box.y + 30)
    await page.mouse.down()
    for (let x = 0; x < 60; x++) await page.mouse.move(box.x + (box.width * (x + 1)) / 62, box.y + 30)
    // A whole drag back again ends where it began, and chooses nothing.
    await page.mouse.move(box.x + 5, box.y + 30)
    await page.mouse.up()
    least = Math.min(least, await page.evaluate(() => (globalThis as unknown as { tasks: number[] }).tasks.length))
  }
  expect(least).toBe(0)
  expect(await page.locator('.readout').first().innerText()).toContain('Result')
})
