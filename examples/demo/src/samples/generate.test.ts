import { createHash } from 'node:crypto'
import { describe, expect, it, vi } from 'vitest'
import { generate } from './generate.ts'

// A machine that does other things as well is slow, not wrong.
vi.setConfig({ testTimeout: 60_000 })

const files = generate()
const hash = (value: unknown) => createHash('sha256').update(JSON.stringify(value)).digest('hex')
const linesOf = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .filter((line) => !line.startsWith('#') && !line.startsWith('version'))

describe('generate', () => {
  it('gives the same bytes every time, and others for another seed', () => {
    expect(hash(generate())).toBe(hash(files))
    expect(hash(generate(8))).not.toBe(hash(files))
  })

  it('counts its records right', () => {
    for (const { table, text, records } of files) {
      const found = table === 'aws_cloudtrail' ? JSON.parse(text).Records.length : linesOf(text).length
      expect(found).toBe(records)
    }
    expect(files.reduce((sum, { records }) => sum + records, 0)).toBe(50_000)
    expect(new Set(files.map(({ key }) => key)).size).toBe(files.length)
  })

  it('names files as AWS does', () => {
    const patterns = {
      aws_vpcflow:
        /^AWSLogs\/\d{12}\/vpcflowlogs\/[a-z0-9-]+\/2026\/11\/20\/\d{12}_vpcflowlogs_[a-z0-9-]+_fl-[0-9a-f]{17}_20261120T\d{4}Z_[0-9a-f]{8}\.log\.gz$/,
      aws_cloudtrail:
        /^AWSLogs\/\d{12}\/CloudTrail\/[a-z0-9-]+\/2026\/11\/20\/\d{12}_CloudTrail_[a-z0-9-]+_20261120T\d{4}Z_[0-9a-f]{16}\.json\.gz$/,
      aws_cloudfront_logs: /^cdn\/[A-Z0-9]{14}\.2026-11-20-\d\d\.[0-9a-f]{8}\.gz$/,
    }
    for (const { table, key } of files) expect(key).toMatch(patterns[table])
  })

  it('gives every event an id of its own, and every line all of its fields', () => {
    const events = files
      .filter(({ table }) => table === 'aws_cloudtrail')
      .flatMap(({ text }) => JSON.parse(text).Records)
    expect(new Set(events.map(({ eventID }) => eventID)).size).toBe(events.length)
    for (const { table, text } of files) {
      if (table === 'aws_vpcflow') for (const line of linesOf(text)) expect(line.split(' ')).toHaveLength(29)
      if (table === 'aws_cloudfront_logs') for (const line of linesOf(text)) expect(line.split('\t')).toHaveLength(33)
    }
  })
})
