import { Writable } from 'node:stream'
import { describe, expect, it, vi } from 'vitest'
import { demo } from './demo.ts'

// A machine that does other things as well is slow, not wrong.
vi.setConfig({ testTimeout: 90_000 })

async function shown(options: { json?: boolean } = {}): Promise<{ ok: boolean; text: string }> {
  let text = ''
  const output = new Writable({
    write: (chunk, _, done) => {
      text += chunk
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
      deadLetters: [{ code: 'GZIP_CORRUPT', stage: 'decompress', attempts: 2 }],
    })
    expect(result.duplicates).toBeGreaterThanOrEqual(3000)
    const { topTalkers, rejectedByPort, unanswered, iamErrors, cdnErrors } = result.answers
    expect(topTalkers[0]).toMatchObject({ source: '10.20.5.77', destination: '3.5.136.10' })
    expect(rejectedByPort[0].port).toBe('22/tcp')
    expect(unanswered).toEqual([
      expect.objectContaining({ source: '10.20.2.41', destination: '10.20.4.15', port: '9443/tcp', attempts: 36 }),
    ])
    expect(iamErrors[0]).toMatchObject({ principal: 'analyst', action: 'kms:Decrypt', error: 'AccessDenied' })
    expect(iamErrors).toHaveLength(5)
    expect(cdnErrors[0]).toMatchObject({ uri: '/api/checkout', status: '502' })
    expect(text.trimEnd()).not.toContain('\n')
    expect(ok).toBe(true)
  })

  it('shows it as tables', async () => {
    const { ok, text } = await shown()
    for (const words of [
      'dead letter',
      'GZIP_CORRUPT',
      'Top talkers',
      'Unanswered connections',
      'IAM errors',
      'CDN errors',
      'Everything adds up',
    ])
      expect(text).toContain(words)
    expect(text).not.toContain('\u001b')
    expect(ok).toBe(true)
  })
})
