import { formats } from '@flowferry/core/formats'
import { describe, expect, it } from 'vitest'
import { backfillRequest } from '../backfill/request.ts'
import { costs } from '../backfill/survey.ts'
import { runHere } from '../test-io.ts'
import { parseDuration, parseTime } from '../times.ts'

const now = new Date('2026-11-22T12:00:00Z')

describe('times of the command line', () => {
  it.each([
    ['2026-11-01', '2026-11-01T00:00:00.000Z'],
    ['2026-11-01T10:00Z', '2026-11-01T10:00:00.000Z'],
    ['2026-11-01T10:00:30Z', '2026-11-01T10:00:30.000Z'],
    ['-7d', '2026-11-15T12:00:00.000Z'],
    ['-36h', '2026-11-21T00:00:00.000Z'],
    ['-90m', '2026-11-22T10:30:00.000Z'],
  ])('%s is %s', (text, iso) => expect(parseTime('--since', text, now).toISOString()).toBe(iso))

  it.each(['2026-02-30', '2026-13-01', '2026-11-01T10:00', '2026-11-01T25:00Z', '7d', 'yesterday', '-7w', ''])(
    'refuses "%s"',
    (text) => expect(() => parseTime('--since', text, now)).toThrow(/--since takes 2026-11-01, /),
  )

  it('reads durations', () => {
    const durations = ['30s', '90m', '6h', '2d']
    expect(durations.map((text) => parseDuration('--late', text) / 60_000)).toEqual([0.5, 90, 360, 2880])
    expect(() => parseDuration('--late', '-6h')).toThrow('--late takes 90s, 90m, 6h or 2d, not "-6h"')
    expect(() => parseDuration('--interval', '1')).toThrow('--interval takes 90s, 90m, 6h or 2d, not "1"')
  })
})

describe('backfillRequest', () => {
  it('ends now, and keeps what the times were given as', () => {
    const request = backfillRequest('s3://logs/a/b', { since: '-1d', to: 'duckdb:x.db' }, now)
    expect(request).toMatchObject({ bucket: 'logs', prefix: 'a/b', way: 'sink', to: now })
    expect(request.identity).toMatchObject({ source: 's3://logs/a/b', target: 'duckdb:x.db', since: '-1d' })
    expect(backfillRequest('s3://logs', { since: '-1d', enqueue: 'https://sqs/1/a.fifo' }, now).way).toBe('fifo')
  })
})

describe('costs', () => {
  it('are those of the requests', () => {
    const million = { objects: 1e6, lists: 1000, messages: 1e6 }
    const dollars = (way: Parameters<typeof costs>[0]) =>
      costs(way, million).map(({ what, dollars }) => `${what} ${dollars.toFixed(3)}`)
    expect(dollars('sink')).toEqual(['S3 LIST 0.005', 'S3 GET 0.400'])
    expect(dollars('queue')).toContain('SQS 0.120')
    expect(dollars('fifo')).toContain('SQS 0.150')
    expect(dollars('manifest')).toContain('S3 Batch Operations 1.250')
  })
})

describe('flowferry backfill', () => {
  const bucket = 's3://logs'
  const day = ['--since', '2026-11-01', '--until', '2026-11-02']
  const queue = ['--enqueue', 'https://sqs.eu-central-1.amazonaws.com/1/logs']
  it.each([
    ['no span', [bucket], "required option '--since <time>'"],
    ['a file', ['logs/', ...day, '--dry-run'], 'backfill reads a bucket'],
    ['nothing to do', [bucket, ...day], 'Say what to do'],
    ['two ways', [bucket, ...day, ...queue, '--manifest', 'm.csv'], 'choose one'],
    [
      'a span that ends before it begins',
      [bucket, '--since', '2026-11-02', '--until', '2026-11-01', '--dry-run'],
      '--since must be before --until',
    ],
    ['an unknown store', [bucket, ...day, '--to', 'mysql'], '--to takes elasticsearch, opensearch or duckdb:FILE'],
    ["a queue's name", [bucket, ...day, '--enqueue', 'logs'], "--enqueue takes the queue's URL"],
    ['an account that is none', [bucket, ...day, '--dry-run', '--account', '12'], 'ids of 12 digits'],
    ['a checkpoint of a manifest', [bucket, ...day, '--manifest', 'm.csv', '--checkpoint', 'c'], 'written whole'],
    ['the index of a queue', [bucket, ...day, ...queue, '--index', 'x'], '--index goes with --to'],
    ['the rate of a store', [bucket, ...day, '--to', 'opensearch', '--rate', '5'], '--rate goes with --enqueue'],
    ['dead letters of a queue', [bucket, ...day, ...queue, '--dlq', 'https://q'], '--dlq goes with --to'],
    [
      'templates for an index',
      [bucket, ...day, '--to', 'opensearch', '--setup', '--index', 'x'],
      'an --index gets its mapping from you',
    ],
    ['an unknown format', [bucket, ...day, '--format', 'csv'], `--format takes ${Object.keys(formats).join(', ')}`],
  ])('refuses %s with 2', async (_, args, words) => {
    const { code, stdout, stderr } = await runHere(['backfill', ...args])
    expect(stderr).toContain(words)
    expect(stdout).toBe('')
    expect(code).toBe(2)
  })
})
