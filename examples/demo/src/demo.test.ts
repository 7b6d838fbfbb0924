import { existsSync } from 'node:fs'
import { Writable } from 'node:stream'
import { describe, expect, it, vi } from 'vitest'
import { type DemoOptions, demo } from './demo.ts'

// A machine that does other things as well is slow, not wrong.
vi.setConfig({ testTimeout: 90_000 })

async function shown(
  options: DemoOptions = {},
  said: (text: string) => void = () => undefined,
): Promise<{ ok: boolean; text: string }> {
  let text = ''
  const output = new Writable({
    write: (chunk, _, done) => {
      text += chunk
      said(text)
      done()
    },
  })
  return { ok: await demo(output, options), text }
}

describe('demo', () => {
  it('adds up, and finds what its logs hold', async () => {
    const { ok, text } = await shown({ json: true })
    const result = JSON.parse(text)
    expect(result).toMatchObject({
      ok: true,
      problems: [],
      files: 28,
      records: 50_000,
      documents: 50_000,
      documentsByTable: { aws_vpcflow: 36_000, aws_cloudtrail: 6_000, aws_cloudfront_logs: 8_000 },
      redriven: 1,
      deadLetters: [{ code: 'COMPRESSION_CORRUPT', stage: 'decompress', attempts: 2 }],
    })
    expect(result.duplicates).toBeGreaterThanOrEqual(3000)
    const { talkers, unanswered, 'iam-errors': denied, 'cdn-errors': failing } = result.answers
    expect(talkers[0]).toMatchObject({ 'source.ip': '10.20.5.77', 'destination.ip': '3.5.136.10' })
    const service = { 'destination.ip': '10.20.4.15', 'destination.port': 9443, unanswered: 32, refused: 0, clients: 1 }
    expect(unanswered).toEqual([expect.objectContaining(service)])
    expect(denied[0]).toMatchObject({ 'user.name': 'analyst', 'event.action': 'Decrypt' })
    expect(denied).toHaveLength(5)
    expect(failing[0]).toMatchObject({ 'url.path': '/api/checkout' })
    expect(result.why).toMatchObject({
      cause: 'reply-blocked-at-target',
      certainty: 'high',
      changes: [{ event: 'CreateNetworkAclEntry', by: 'ci-deployer' }],
    })
    expect(text.trimEnd()).not.toContain('\n')
    expect(ok).toBe(true)
  })

  it('shows it as tables', async () => {
    const { ok, text } = await shown()
    for (const words of [
      'dead letter',
      'COMPRESSION_CORRUPT',
      'Everything adds up',
      'Who sends the most bytes to whom',
      'Own services that do not answer',
      'Denied calls',
      "The CDN's failing paths",
      'Why does 10.20.2.41 not reach 10.20.4.15:9443?',
      'drops the replies',
      'CreateNetworkAclEntry of acl-0b7d3f6a91c2e4850 by ci-deployer',
    ])
      expect(text).toContain(words)
    expect(text).not.toContain('\u001b')
    expect(ok).toBe(true)
  })

  it.skipIf(!existsSync(new URL('../../../packages/dashboard/dist/page/page.js', import.meta.url)))(
    'ends in the dashboard over its own data, until it is stopped (skipped until `pnpm build`)',
    async () => {
      const stop = new AbortController()
      let page: Promise<number> | undefined
      const { ok, text } = await shown({ serve: stop.signal }, (said) => {
        const [, url] = /The dashboard: (\S+)/.exec(said) ?? []
        if (url === undefined || page) return
        page = fetch(url)
          .then(({ status }) => status)
          .finally(() => stop.abort())
      })
      expect(ok).toBe(true)
      expect(await page).toBe(200)
      expect(text).toContain('What fails is 10.20.2.41 10.20.4.15:9443')
    },
  )
})
