import { readFileSync } from 'node:fs'
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
    ['a source behind globs', ['ingest', '--include', '*.gz', 'logs'], 'hint: all that follows --include, '],
  ])('answers %s with 2', async (_, args, words) => {
    const { code, stdout, stderr } = await runHere(args)
    expect(stderr).toContain(words)
    expect(stdout).toBe('')
    expect(code).toBe(2)
  })

  describe('what docs/cli.md says of it', () => {
    const page = readFileSync(new URL('../../../docs/cli.md', import.meta.url), 'utf8')
    const cells = (row: string) =>
      row
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim())
    const [head, , ...rows] = page.slice(page.indexOf('| command | `--json`')).split('\n\n')[0]!.split('\n').map(cells)
    const options = head!.slice(1).map((cell) => [...cell.matchAll(/`(--[\w-]+)/g)].map(([, option]) => option!))
    const commands = rows.map(([name, ...has]) => [name!.replaceAll('`', ''), has] as const)

    it('has a row for each command', async () => {
      const { stdout } = await runHere(['--help'])
      const names = [...stdout.slice(stdout.indexOf('Commands:')).matchAll(/^ {2}([a-z]\w*) /gm)].map(
        ([, name]) => name,
      )
      const known = new Set(commands.map(([name]) => name.split(' ')[0]))
      expect([...known]).toEqual(names.filter((name) => name !== 'help'))
    })

    it.each(commands)('is so: %s', async (name, has) => {
      const { code, stdout } = await runHere([...name.split(' '), '--help'])
      expect(code).toBe(0)
      // Each stands at the beginning of a line: in a description it is another's.
      const known = new Set([...stdout.matchAll(/^ {2}(--[\w-]+)/gm)].map(([, option]) => option!))
      for (const [column, names] of options.entries())
        for (const option of names) expect([option, known.has(option)]).toEqual([option, has[column] !== ''])
      expect(stdout).toMatch(/\nExit codes: 0 .+, 1 .*failed.*, 2 wrong usage/)
      const counted = has[options.findIndex(([option]) => option === '--limit')]
      if (counted) expect(stdout).toMatch(new RegExp(`--limit <n> +at most so many ${counted}`))
      // Words that are the same everywhere.
      expect(stdout).toMatch(/--quiet +neither notes nor progress on standard error/)
      if (known.has('--dry-run')) expect(stdout).toMatch(/--dry-run +only tell what it would do/)
    })
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
