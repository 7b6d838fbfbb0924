import { describe, expect, it, vi } from 'vitest'
import { runHere } from '../test-io.ts'

// A machine that does other things as well is slow, not wrong.
vi.setConfig({ testTimeout: 90_000 })

describe('flowferry demo', () => {
  it('adds up, and finds what its logs hold', async () => {
    const { code, stdout } = await runHere(['demo', '--json'])
    const result = JSON.parse(stdout)
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
    expect(stdout.trimEnd()).not.toContain('\n')
    expect(code).toBe(0)
  })

  it('shows it as tables', async () => {
    const { code, stdout, stderr } = await runHere(['demo'])
    for (const words of [
      'dead letter',
      'GZIP_CORRUPT',
      'Top talkers',
      'Unanswered connections',
      'IAM errors',
      'CDN errors',
      'Everything adds up',
    ])
      expect(stdout).toContain(words)
    expect(stdout).not.toContain('\u001b')
    expect(stderr).not.toContain('Warning')
    expect(code).toBe(0)
  })
})
