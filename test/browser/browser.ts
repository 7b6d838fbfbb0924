import { existsSync } from 'node:fs'
import type { Store } from '@flowferry/answers'
import type { Format } from '@flowferry/core'
import { serveDashboard } from '@flowferry/dashboard'
import axe from 'axe-core'
import { type Browser, chromium, type Page } from 'playwright-core'

const path = process.env.FLOWFERRY_CHROMIUM ?? '/usr/bin/chromium'

/** Chromium as the machine has it. */
export function launch(): Promise<Browser> {
  if (!existsSync(path))
    throw new Error(
      `There is no Chromium at ${path}: install it, or name it in FLOWFERRY_CHROMIUM (scripts/ci/browser.sh)`,
    )
  const quiet = ['--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run']
  return chromium.launch({ executablePath: path, args: ['--no-sandbox', '--disable-gpu', '--disable-quic', ...quiet] })
}

/** A page, and what it did that it must not. */
export interface Seen {
  readonly page: Page
  readonly url: string
  /** Errors of the console and of scripts. */
  readonly errors: string[]
  /** Requests to any other place than its server. */
  readonly elsewhere: string[]
  readonly close: () => Promise<void>
}

interface Shown {
  readonly store: Store
  readonly formats: readonly Format[]
  readonly own?: readonly string[]
  readonly now?: () => Date
  readonly width?: number
  readonly scheme?: 'light' | 'dark'
  readonly port?: number
  readonly hash?: string
}

/** Serves a store, and opens its page. */
export async function show(browser: Browser, shown: Shown): Promise<Seen> {
  const { width = 1280, scheme = 'light', hash, ...options } = shown
  const { url, close } = await serveDashboard({ from: 'duckdb:logs.db', ...options })
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: scheme })
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  const page = await context.newPage()
  const errors: string[] = []
  const elsewhere: string[] = []
  const { origin } = new URL(url)
  page.on('pageerror', ({ message }) => errors.push(message))
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') errors.push(message.text())
  })
  page.on('dialog', (dialog) => {
    errors.push(`dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  page.on('request', (request) => {
    const to = request.url()
    if (!to.startsWith(`${origin}/`) && !/^(data|blob):/.test(to)) elsewhere.push(to)
  })
  await page.goto(url)
  if (hash !== undefined) await go(page, hash)
  return {
    page,
    url,
    errors,
    elsewhere,
    close: async () => {
      await context.close()
      await close()
    },
  }
}

/** Another page of the same tab, as a link leads there. */
export async function go(page: Page, hash: string): Promise<void> {
  await page.locator('main h1').first().waitFor()
  await page.evaluate((to) => {
    location.hash = to
  }, hash)
}

/** Until nothing is asked for any more. */
export async function settled(page: Page): Promise<void> {
  await page.locator('main h1').first().waitFor()
  await page.waitForFunction(() => document.querySelector('[aria-busy="true"], .alone') === null)
}

/** What axe finds, in short. */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source)
  const { violations: found } = await page.evaluate(() =>
    (globalThis as unknown as { axe: typeof axe }).axe.run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
    }),
  )
  return found.map(
    ({ id, nodes }) =>
      `${id}: ${nodes.map(({ html, failureSummary }) => `${html.slice(0, 160)} ${failureSummary}`).join(' | ')}`,
  )
}
