// The pictures of docs/dashboard.md, from the demo's data: npm run screenshots. Needs Chromium, as test/browser does.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const shots = [
  { name: 'now', hash: '#/now', shows: '.card.change', scheme: 'light', height: 560 },
  {
    name: 'pair',
    hash: '#/pair?a=10.20.2.41&b=10.20.4.15&port=9443',
    shows: '.stop.rejected',
    scheme: 'dark',
    height: 660,
  },
  { name: 'network', hash: '#/network', shows: '.bars', scheme: 'light', height: 700 },
]

const demo = spawn(process.execPath, [join(root, 'examples/demo/dist/main.js'), '--serve'], {
  stdio: ['ignore', 'pipe', 'inherit'],
})
try {
  const browser = await chromium.launch({
    executablePath: process.env.FLOWFERRY_CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu'],
  })
  const url = await addressIn(demo.stdout)
  for (const { name, hash, shows, scheme, height } of shots) {
    const page = await browser.newPage({ viewport: { width: 1120, height }, colorScheme: scheme })
    await page.goto(url)
    await page.locator('main h1').first().waitFor()
    await page.evaluate((to) => {
      globalThis.location.hash = to
    }, hash)
    await page.locator(shows).first().waitFor()
    await page.waitForFunction(() => globalThis.document.querySelector('[aria-busy="true"]') === null)
    const path = join(root, `docs/images/${name}.png`)
    await page.screenshot({ path })
    console.log(`${path}: ${Math.round(statSync(path).size / 1000)} kB`)
    await page.close()
  }
  await browser.close()
} finally {
  demo.kill('SIGINT')
  if (demo.exitCode === null) await once(demo, 'exit')
}

/** Where the demo serves, once it does. */
async function addressIn(output) {
  let text = ''
  for await (const chunk of output) {
    text += chunk
    const [, url] = /The dashboard: (\S+)/.exec(text) ?? []
    if (url !== undefined) return url
  }
  throw new Error(`The demo ended without a dashboard: ${text}`)
}
