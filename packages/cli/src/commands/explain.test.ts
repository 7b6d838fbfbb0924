import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { runHere } from '../test-io.ts'

// A machine that does other things as well is slow, not wrong.
vi.setConfig({ testTimeout: 60_000 })

const flow = '2 123456789012 eni-1 192.0.2.1 192.0.2.2 33000 443 6 3 240 1780000000 1780000060 ACCEPT OK'
const finding = {
  timestamp: 1_780_000_000_000,
  webaclId: 'arn:aws:wafv2:us-east-1:123456789012:regional/webacl/a/1',
  httpRequest: { clientIp: '192.0.2.7', headers: [{ name: 'Host', value: 'a.example' }] },
}

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'flowferry-explain-'))
})
afterEach(() => rm(folder, { recursive: true }))

const explain = async (...args: string[]) => {
  const { code, stdout, stderr } = await runHere(['explain', ...args, '--json'])
  expect(stdout, stderr).not.toBe('')
  return { code, ...JSON.parse(stdout) }
}
interface Row {
  readonly field: string
}
const fieldOf = ({ record }: { record: { fields: Row[] } }, name: string) =>
  record.fields.find(({ field }) => field === name)
const stdin = async (text: string, ...args: string[]) => {
  const { code, stdout } = await runHere(['explain', '-', ...args, '--json'], { stdin: [text] })
  return { code, ...JSON.parse(stdout) }
}

describe('flowferry explain', () => {
  it('says of a line what it is, and where each field goes', async () => {
    const told = await explain(flow)
    expect(told).toMatchObject({
      code: 0,
      detected: { format: 'vpc-flow', by: 'its content' },
      record: { ordinal: 0, dataStream: 'logs-aws.vpcflow-default', added: { 'cloud.provider': 'aws' } },
    })
    expect(fieldOf(told, 'srcaddr')).toMatchObject({
      value: '192.0.2.1',
      state: 'mapped',
      places: { 'source.ip': '192.0.2.1', 'network.type': 'ipv4' },
    })
  })

  it('shows absent markers, and where a field is kept that the table does not know', async () => {
    const told = await stdin(
      'version srcaddr dstaddr start end tcp-flags new-field\n5 192.0.2.1 192.0.2.2 1780000000 1780000060 - x\n',
    )
    expect(fieldOf(told, 'tcp-flags')).toMatchObject({ value: '-', state: 'absent', places: {} })
    expect(fieldOf(told, 'new-field')).toMatchObject({ state: 'unknown', places: { 'aws.vpcflow.new_field': 'x' } })
  })

  it("explains JSON by its paths, what is unknown, and what is not of its field's type", async () => {
    const told = await stdin(JSON.stringify({ ...finding, timestamp: 'noon', brandNew: { a: 1 } }))
    expect(told.detected.format).toBe('waf')
    expect(fieldOf(told, 'httpRequest.clientIp')).toMatchObject({ places: { 'source.ip': '192.0.2.7' } })
    expect(fieldOf(told, 'brandNew')).toMatchObject({
      state: 'unknown',
      places: { 'aws.waf.flattened.unknown.brand_new': { a: 1 } },
    })
    expect(fieldOf(told, 'timestamp')).toMatchObject({
      state: 'unknown',
      places: { 'aws.waf.flattened.unknown.timestamp': 'noon' },
    })
    expect(told.record.added).not.toHaveProperty('aws.waf.flattened.unknown')
  })

  it('explains the columns of W3C, and the record that is asked for', async () => {
    const log =
      '#Version: 1.0\n#Fields: date time x-edge-location sc-bytes c-ip cs-method\n2026-05-28\t20:27:40\tFRA1\t1\t192.0.2.1\tGET\n2026-05-28\t20:27:41\tFRA2\t2\t192.0.2.1\tGET\n'
    const path = join(folder, 'cloudfront.log.gz')
    await writeFile(path, gzipSync(log))
    const told = await explain(path, '--record', '1')
    expect(told).toMatchObject({ detected: { format: 'cloudfront' }, record: { ordinal: 1 } })
    expect(fieldOf(told, 'x-edge-location')).toMatchObject({ value: 'FRA2', state: 'mapped' })
    const parsed = await runHere(['parse', path])
    expect(told.record.document).toEqual(JSON.parse(parsed.stdout.trim().split('\n')[1]!))
  })

  it('says what a malformed record lacks, column by column', async () => {
    const told = await stdin(`version srcaddr dstaddr srcport\n5 192.0.2.1 192.0.2.2 http\n5 192.0.2.1\n`)
    expect(told).toMatchObject({
      code: 3,
      record: { malformed: expect.stringContaining('srcport is not of its type') },
    })
    expect(fieldOf(told, 'srcport')).toMatchObject({
      value: 'http',
      type: expect.stringMatching(/long|integer|number/),
    })
    const short = await stdin(`version srcaddr dstaddr srcport\n5 192.0.2.1\n`)
    expect(short.record.malformed).toBe('2 values where the header names 4 fields')
    expect(fieldOf(short, 'dstaddr')).not.toHaveProperty('value')
  })

  it('names formats that nearly fit, and what they lack', async () => {
    const names = await stdin(JSON.stringify({ httpRequest: finding.httpRequest, timestamp: 1 }))
    expect(names).toMatchObject({ code: 1, error: { code: 'FORMAT_UNKNOWN' } })
    expect(names.nearly[0]).toMatchObject({ format: 'waf', share: 1, lacks: expect.stringContaining('lacks webaclId') })
    const values = await explain(flow.replace('OK', 'MAYBE'))
    expect(values.nearly[0]).toMatchObject({ format: 'vpc-flow', lacks: expect.stringContaining('default layout') })
    const count = await explain(`${flow} 7`)
    expect(count.nearly[0]).toMatchObject({
      format: 'vpc-flow',
      lacks: expect.stringContaining('15 values where its default layout has 14'),
    })
    expect((await stdin('hello world\n')).nearly).toEqual([])
  })

  it('says of what is no log what makes one of it, and names no format that would fit by chance', async () => {
    const told = async (bytes: Uint8Array) => {
      const path = join(folder, 'given.log')
      await writeFile(path, bytes)
      return runHere(['explain', path])
    }
    const zip = await told(Buffer.from(`PK\x03\x04\x14\0\0\0${flow}\n`))
    expect(zip).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('hint: unpack it; of one file in it, unzip -p '),
    })
    expect(zip.stdout).toMatch(/^\S+: It is a zip archive, and of none of the \d+ formats .*\n$/)
    const wide = await told(Buffer.from(`\ufeff${flow}\n`, 'utf16le'))
    expect(wide).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('hint: write it as UTF-8: iconv -f UTF-16 '),
    })
    const diary = await told(Buffer.from('dear diary\n'))
    expect(diary.stdout).toContain('it begins with "dear diary"')
    expect(diary.stderr).toMatch(/^hint: --format says which it is.*\nhint: --skip-unknown.*\nsee .*\n$/)
  })

  it('honours --format and --fields', async () => {
    const fields = ['--format', 'vpc-flow', '--fields', 'version srcaddr dstaddr action']
    const told = await explain('5 192.0.2.1 192.0.2.2 REJECT', ...fields)
    expect(told).toMatchObject({ code: 0, detected: { format: 'vpc-flow', by: '--format' } })
    expect(fieldOf(told, 'action')).toMatchObject({ value: 'REJECT', state: 'mapped' })
  })

  it('gives the id that ingest gives, and says what it is made of', async () => {
    const told = await stdin(
      JSON.stringify({
        eventVersion: '1.08',
        eventSource: 's3.amazonaws.com',
        eventID: 'a-1',
        eventTime: '2026-05-28T20:27:40Z',
      }),
    )
    expect(told.record).toMatchObject({ id: 'a-1', idOf: expect.stringContaining("record's own id") })
    expect((await explain(flow)).record.idOf).toContain('position')
  })

  it('prints what a log holds without its control characters', async () => {
    const { stdout } = await runHere([
      'explain',
      `version srcaddr dstaddr new-field\n5 192.0.2.1 192.0.2.2 \u001b]0;x\u0007\n`,
      '--format',
      'vpc-flow',
    ])
    expect(stdout).toContain('\\u001b]0;x\\u0007')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    expect(stdout).not.toMatch(/[\u001b\u0007]/)
  })

  it('explains a record of twenty thousand unknown members', async () => {
    const members = Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`member${i}`, i]))
    const { record } = await stdin(JSON.stringify({ ...finding, ...members }))
    expect(record.fields.filter(({ state }: { state: string }) => state === 'unknown')).toHaveLength(20_000)
  })

  it('tells a missing file from a line, and refuses a folder', async () => {
    expect(await runHere(['explain', join(folder, 'none.log')])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('there is no such file'),
    })
    expect(await runHere(['explain', folder])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('is a folder'),
    })
    await writeFile(join(folder, 'empty'), '')
    expect(await runHere(['explain', join(folder, 'empty')])).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('it has no record 0'),
    })
  })
})
