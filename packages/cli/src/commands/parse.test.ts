import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { formats } from '@flowferry/core/formats'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { generate } from '../../../../examples/demo/src/samples/generate.ts'
import { run } from '../program.ts'
import { runHere } from '../test-io.ts'

// A machine that does other things as well is slow, not wrong.
vi.setConfig({ testTimeout: 60_000 })

const header =
  'version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status'
const record = (port: number | string) =>
  `2 111122223333 eni-1 10.0.0.1 10.0.0.2 ${port} 443 6 3 240 1780000000 1780000060 ACCEPT OK`
const log = `${header}\n${[1, 2, 3].map(record).join('\n')}\n`

let folder: string
let file: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'flowferry-'))
  file = join(folder, 'flow.log.gz')
})
afterEach(() => rm(folder, { recursive: true }))

const documents = (stdout: string) =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))

describe('flowferry parse', () => {
  it('prints the documents of a file, one a line', async () => {
    await writeFile(file, gzipSync(log))
    const { code, stdout, stderr } = await runHere(['parse', file])
    expect(documents(stdout).map(({ source }) => source.port)).toEqual([1, 2, 3])
    expect(documents(stdout)[0]).toMatchObject({
      '@timestamp': '2026-05-28T20:27:40.000Z',
      data_stream: { dataset: 'aws.vpcflow' },
    })
    expect(stderr).toBe(`${file} (vpc-flow): 3 records: 3 printed\n`)
    expect(code).toBe(0)
  })

  it("reads CloudWatch Logs' envelopes of any format, and of one whose fields are stated", async () => {
    const envelope = (message: string) =>
      JSON.stringify({
        messageType: 'DATA_MESSAGE',
        owner: '111122223333',
        logGroup: 'flows',
        logStream: 'eni-1-all',
        subscriptionFilters: ['f'],
        logEvents: [{ id: '1', timestamp: 1_780_000_060_000, message }],
      })
    await writeFile(file, Buffer.concat([1, 2].map((port) => gzipSync(envelope(record(port))))))
    const { stdout } = await runHere(['parse', file])
    expect(documents(stdout)).toMatchObject(
      [1, 2].map((port) => ({ source: { port }, aws: { cloudwatch: { log_group: 'flows' } } })),
    )
    await writeFile(file, envelope('REJECT 10.0.0.2 10.0.0.1 443'))
    const stated = await runHere(['parse', file, '--format', 'vpc-flow', '--fields', 'action srcaddr dstaddr dstport'])
    expect(documents(stated.stdout)).toMatchObject([
      { log: { file: { path: 'flows/eni-1-all' } }, destination: { port: 443 } },
    ])
  })

  it('reads a file without a header by the fields that a flow log has', async () => {
    await writeFile(file, 'REJECT 10.0.0.2 10.0.0.1 443\n')
    // biome-ignore lint/suspicious/noTemplateCurlyInString: as AWS writes the format of a flow log
    for (const fields of ['${action} ${dstaddr} ${srcaddr} ${dstport}', 'action,dstaddr,srcaddr,dstport']) {
      const { code, stdout } = await runHere(['parse', file, '--fields', fields])
      expect(documents(stdout)).toMatchObject([{ source: { ip: '10.0.0.1' }, destination: { port: 443 } }])
      expect(code).toBe(0)
    }
    const usage = async (...args: string[]) => (await runHere(['parse', file, ...args])).stderr
    expect(await usage('--fields', 'action dstadr')).toMatch(
      /"dstadr", which is no field of VPC Flow Logs; is it "dstaddr"/,
    )
    expect(await usage('--fields', ' ')).toMatch(/takes names/)
    expect(await usage('--format', 'rejected', '--fields', 'action')).toMatch(/--fields/)
    expect(await usage('--format', 'cloudtrail', '--fields', 'eventName')).toMatch(/withFields/)
  })

  it('reads standard input, and keeps the order where the reader is slow', async () => {
    const [flows] = generate()
    const { code, stdout } = await runHere(['parse', '-', '--format', 'vpc-flow'], {
      stdin: flows!.text.split(/(?<=\n)/),
    })
    expect(code).toBe(0)
    const ports = documents(stdout).map(({ source }) => source.port)
    expect(ports).toEqual(
      flows!.text
        .trimEnd()
        .split('\n')
        .slice(1)
        .map((line) => Number(line.split(' ')[5])),
    )
  })

  it('says where the first malformed record is, and exits with 3', async () => {
    const lines = [header, record(1), record('https'), record(3), 'rubbish']
    await writeFile(file, lines.join('\n'))
    const { code, stdout, stderr } = await runHere(['parse', file])
    expect(documents(stdout)).toHaveLength(2)
    const offset = `${header}\n${record(1)}\n`.length
    expect(stderr).toContain('4 records: 2 printed, 2 malformed\n')
    expect(stderr).toContain(`  first malformed: record 1 at byte ${offset}: `)
    expect(stderr).toContain('srcport')
    expect(code).toBe(3)
  })

  it('names fields that are new to it', async () => {
    await writeFile(file, `${header} next-thing\n${record(1)} x\n`)
    const { code, stdout, stderr } = await runHere(['parse', file])
    expect(stderr).toContain('  unknown fields, kept: next-thing (1)\n')
    expect(stdout).toContain('"next_thing":"x"')
    expect(code).toBe(0)
  })

  it.each([
    ['a file that is not there', 'gone.log', 'gone.log: there is no such file or folder', 2],
    ['a path below a file', 'notes.txt/gone.log', 'gone.log: there is no such file or folder', 2],
    ['a format that nobody knows', 'notes.txt', 'FORMAT_UNKNOWN', 1],
  ])('fails for %s', async (_, name, words, exit) => {
    await writeFile(join(folder, 'notes.txt'), 'dear diary\n')
    const { code, stdout, stderr } = await runHere(['parse', join(folder, name)])
    expect(stderr).toContain(words)
    expect(stderr.startsWith('error: ')).toBe(true)
    expect(stdout).toBe('')
    expect(code).toBe(exit)
  })

  it('says of a file of no format what it begins with, in the words of this command line', async () => {
    const told = async (text: string | Buffer) => {
      await writeFile(file, text)
      return (await runHere(['parse', file])).stderr.split('\n')[0]
    }
    const none = `error: By content and key it is of none of the ${Object.keys(formats).length} formats (${file}); it begins with`
    expect(await told('\ndear diary\nit rained\n')).toBe(`${none} "dear diary" [FORMAT_UNKNOWN]`)
    expect(await told('ä'.repeat(100))).toBe(`${none} "${'ä'.repeat(60)}…" [FORMAT_UNKNOWN]`)
    expect(await told('\x1b[2J \x01')).toBe(`${none} "\\u001b[2J \\u0001" [FORMAT_UNKNOWN]`)
    // Of what is no text the bytes, decompressed; also where its first byte is a line's end.
    const bytes = Buffer.from('0adeadbeef00ff20506f7374677265730a1122', 'hex')
    for (const binary of [bytes, gzipSync(bytes)])
      expect(await told(binary)).toBe(
        `${none} the bytes 0a de ad be ef 00 ff 20 50 6f 73 74 67 72 65 73 [FORMAT_UNKNOWN]`,
      )
    expect(await told(Buffer.from('a\0b'))).toBe(`${none} the bytes 61 00 62 [FORMAT_UNKNOWN]`)
    // A character that is cut where no more is looked at is text.
    expect(await told(`a${'ä'.repeat(2500)}`)).toBe(`${none} "a${'ä'.repeat(59)}…" [FORMAT_UNKNOWN]`)
    // A credential is taken out whole, also one that reaches beyond what is shown.
    expect(await told(`postgres://administrator:${'s3cr3t'.repeat(12)}@db.example:5432/x`)).not.toContain('s3cr3t')
    expect(await told('see https://elastic:s3cr3t@es.example')).toMatch(/begins with "see https:\/\/\*\*\*@es/)
    // What it is known to be is told instead.
    for (const known of [Buffer.from('PK\x03\x04\x14'), gzipSync(Buffer.from('89504e470d0a1a0a0000000d', 'hex'))])
      expect(await told(known)).not.toContain('begins with')
  })

  it('prints what came before the damage, and fails', async () => {
    const [flows] = generate()
    await writeFile(file, gzipSync(flows!.text).subarray(0, -20_000))
    const { code, stdout, stderr } = await runHere(['parse', file])
    expect(documents(stdout).length).toBeGreaterThan(100)
    expect(stderr).toContain('COMPRESSION_CORRUPT')
    expect(code).toBe(1)
  })

  it('prints all that is before the damage of a small file', async () => {
    await writeFile(file, gzipSync(log).subarray(0, -8))
    const { code, stdout, stderr } = await runHere(['parse', file])
    expect(documents(stdout)).toHaveLength(3)
    expect(stderr).toContain('3 records: 3 printed\n')
    expect(stderr).toContain('COMPRESSION_CORRUPT')
    expect(code).toBe(1)
  })

  it.each([
    ['read in a wrong format', ['--format', 'cloudtrail'], 'hint: read as cloudtrail because of --format'],
    ['that names no fields', ['--format', 'nlb'], "hint: --format nlb --fields 'NAMES' states the fields"],
    ['read in a wrong format of columns', ['--format', 'nlb'], 'hint: read as nlb because of --format'],
    ['of no format', [], 'hint: flowferry explain FILE shows which formats nearly fit'],
    ['of no format', [], 'hint: --format says which it is, where the content does not: vpc-flow, '],
  ])('gives a hint for a file %s', async (_, options, hint) => {
    await writeFile(file, 'dear diary\n')
    const { code, stderr } = await runHere(['parse', file, ...options])
    expect(stderr).toContain(`\n${hint}`)
    expect(code).toBe(1)
  })

  it('says how a zip archive is read', async () => {
    await writeFile(file, Buffer.from('PK\x03\x04\x14\0\0\0'))
    const { code, stderr } = await runHere(['parse', file])
    expect(stderr).toContain('\nhint: unpack it; of one file in it, unzip -p FILE | flowferry parse -\n')
    expect(code).toBe(1)
  })

  it('refuses a bucket without a key', async () => {
    const { code, stderr } = await runHere(['parse', 's3://logs'])
    expect(stderr).toBe('error: s3://logs names no object; parse reads one: s3://bucket/key\n')
    expect(code).toBe(2)
  })

  it('fails when standard output does, also after the last write', async () => {
    await writeFile(file, log)
    const stdout = new Writable({
      write: (_, __, done) => {
        setImmediate(() => done(Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' })))
      },
    })
    let stderr = ''
    const said = new Writable({
      write: (chunk, _, done) => {
        stderr += chunk
        done()
      },
    })
    expect(await run(['parse', file], { stdin: process.stdin, stdout, stderr: said, env: {} })).toBe(1)
    expect(stderr).toBe('error: standard output failed: ENOSPC: no space left\n')
  })

  it('prints so many documents, and reads no further', async () => {
    const lines = Array.from({ length: 100 }, (_, n) => `5 192.0.2.1 192.0.2.${n} REJECT 1790000000\n`)
    let pieces = 0
    const stdin = (function* () {
      yield `version srcaddr dstaddr action end\n${lines.join('')}`
      // More than is read ahead, of an input that would not end.
      for (; pieces < 10_000; pieces++) yield lines.join('')
    })()
    const { code, stdout, stderr } = await runHere(['parse', '-', '--limit', '3'], { stdin })
    expect(stdout.trimEnd().split('\n')).toHaveLength(3)
    expect(stderr).toBe('standard input: ends behind 3 documents, by --limit\n')
    expect(code).toBe(0)
    expect(pieces).toBeLessThan(1000)
    const all = ['version srcaddr dstaddr action end\n', ...lines.slice(0, 3)]
    const whole = await runHere(['parse', '-', '--limit', '3'], { stdin: all })
    expect(whole.stderr).toBe('standard input (vpc-flow): 3 records: 3 printed\n')
    expect(whole.stdout.trimEnd().split('\n')).toHaveLength(3)
  })

  it('tells what is malformed, and nothing else, where it is to be quiet', async () => {
    const head = 'version srcaddr dstaddr action end\n'
    const good = '5 192.0.2.1 192.0.2.2 REJECT 1790000000\n'
    const quiet = (...stdin: string[]) => runHere(['parse', '-', '--quiet'], { stdin })
    expect(await quiet(head, good)).toMatchObject({ code: 0, stderr: '', stdout: expect.stringMatching(/^\{.*\}\n$/) })
    expect(await quiet(head, good, 'rubbish\n')).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(/^standard input .*1 malformed\n {2}malformed: record 1 at byte \d+: .*\n$/),
    })
  })

  it('ends quietly when its reader has enough', async () => {
    await writeFile(file, generate()[0]!.text)
    let written = 0
    const stdout = new Writable({
      write: (chunk, _, done) => {
        written += chunk.length
        done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }))
      },
    })
    let stderr = ''
    const said = new Writable({
      write: (chunk, _, done) => {
        stderr += chunk
        done()
      },
    })
    expect(await run(['parse', file], { stdin: process.stdin, stdout, stderr: said, env: {} })).toBe(0)
    expect(stderr).toBe('')
    expect(written).toBeLessThan(100_000)
  })
})
