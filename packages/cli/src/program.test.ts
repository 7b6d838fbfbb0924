import { describe, expect, it } from 'vitest'
import { s3Address, warnOnce } from './aws.ts'
import type { Io } from './io.ts'
import { runHere } from './test-io.ts'

describe('flowferry', () => {
  it('shows its commands, and an example for each', async () => {
    const { code, stdout } = await runHere(['--help'])
    expect(code).toBe(0)
    for (const command of [
      'parse',
      'ingest',
      'backfill',
      'why',
      'mcp',
      'snapshot',
      'verify',
      'cost',
      'setup',
      'dlq',
      'redrive',
    ]) {
      expect(stdout).toContain(`\n  ${command} `)
      const help = await runHere([command, '--help'])
      expect(help.code).toBe(0)
      expect(help.stdout).toMatch(/\nExamples?:\n {2}flowferry /)
    }
  })

  it.each([
    ['nothing', [], 'Usage: flowferry'],
    ['an unknown command', ['inges'], "unknown command 'inges'"],
    ['an unknown option', ['dlq', '--fast'], "unknown option '--fast'"],
    ['too little', ['parse'], "missing required argument 'source'"],
  ])('answers %s with 2', async (_, args, words) => {
    const { code, stdout, stderr } = await runHere(args)
    expect(stderr).toContain(words)
    expect(stdout).toBe('')
    expect(code).toBe(2)
  })

  it('tells its version', async () => {
    expect(await runHere(['--version'])).toEqual({ code: 0, stdout: '0.0.0\n', stderr: '' })
  })
})

it('tells S3 addresses from paths', () => {
  expect(s3Address('s3://logs/AWSLogs/a b.gz')).toEqual({ bucket: 'logs', key: 'AWSLogs/a b.gz' })
  expect(s3Address('s3://logs')).toEqual({ bucket: 'logs', key: '' })
  expect(s3Address('logs/s3://x')).toBeUndefined()
})

it('says one line of an old Node, once, and nothing of a new one', () => {
  let said = ''
  const io = { stderr: { write: (text: string) => (said += text) } } as unknown as Io
  warnOnce(io, '22.22.0')
  expect(said).toBe('')
  warnOnce(io, '20.20.2')
  warnOnce(io, '20.20.2')
  expect(said.match(/Node 20\.20\.2/g)).toHaveLength(1)
})
