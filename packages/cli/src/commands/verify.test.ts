import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { digestAt, keyPair, type Objects, putDigest, writeTrail } from '../../../source-s3/test/trail.ts'
import { runHere } from '../test-io.ts'
import { folderAsBucket } from '../verify/folder.ts'

const start = Date.parse('2026-11-21T20:00:00Z')
const pair = keyPair()
let top: string
let keys: string
beforeEach(async () => {
  top = await mkdtemp(join(tmpdir(), 'flowferry-verify-'))
  keys = join(top, 'keys.json')
  await writeFile(keys, JSON.stringify({ PublicKeyList: [pair.publicKey] }))
})
afterEach(() => rm(top, { recursive: true }))

/** A copy of a bucket, as `aws s3 sync` makes one, with the metadata of digests beside them. */
async function copy(objects: Objects, withMetadata = true): Promise<string> {
  const folder = join(top, 'copy')
  for (const [key, { body, metadata }] of objects) {
    const path = join(folder, key)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, body)
    if (withMetadata && metadata?.signature)
      await writeFile(`${path}.head.json`, JSON.stringify({ ContentLength: body.length, Metadata: metadata }))
  }
  return folder
}

function archive(hours = 8) {
  const objects: Objects = new Map()
  return { objects, ...writeTrail(objects, { start, hours, pair }) }
}

const verify = (folder: string, ...more: string[]) =>
  runHere([
    'verify',
    folder,
    '--since',
    '2026-11-21T20:00Z',
    '--until',
    '2026-11-22T04:00Z',
    ...(more.includes('--public-keys') ? [] : ['--public-keys', keys]),
    ...more,
  ])

describe('flowferry verify', () => {
  it('says of a copy that it is whole, and from when to when', async () => {
    const { code, stdout, stderr } = await verify(await copy(archive().objects))
    expect(stdout).toBe(`  folder                 region        trail  from                  complete until
  AWSLogs/123456789012/  eu-central-1  main   2026-11-21T20:00:00Z  2026-11-22T04:00:00Z

8 of 8 digests signed
16 of 16 log files as signed for (${stdout.match(/\((\d+ B)\)/)?.[1]})
16 log files in the archive
the archive is what CloudTrail delivered
`)
    expect(stderr).toBe('')
    expect(code).toBe(0)
  })

  it('names what was changed, in words and as JSON', async () => {
    const { objects, logs, digests } = archive()
    objects.delete(logs[1]![0]!)
    const folder = await copy(objects)
    const { code, stdout } = await verify(folder)
    expect(stdout).toContain(`log-missing  ${logs[1]![0]}\n  it is not there; named by ${digests[1]}\n`)
    expect(stdout).toContain('\nlog-missing 1\nthe archive is NOT what CloudTrail delivered\n')
    expect(code).toBe(4)
    const json = await verify(folder, '--json')
    const [first, last, ...others] = json.stdout
      .trimEnd()
      .split('\n')
      .map((text) => JSON.parse(text))
    expect(first.finding).toMatchObject({ kind: 'log-missing', fault: true, key: logs[1]![0] })
    expect(last.report).toMatchObject({ verdict: 'changed', named: 16, matching: 15 })
    expect(others).toEqual([])
    expect(json.code).toBe(4)
  })

  it('prints some of many', async () => {
    const { objects } = archive()
    for (let n = 0; n < 25; n++)
      objects.set(`AWSLogs/123456789012/CloudTrail/eu-central-1/2026/11/21/x_20261121T2130Z_${n}.json.gz`, {
        body: gzipSync('{}'),
        metadata: {},
      })
    const { stdout } = await verify(await copy(objects))
    expect(stdout.match(/^log-inserted {2}AWSLogs/gm)).toHaveLength(20)
    expect(stdout).toContain('log-inserted  … and 5 more: --json has all\n')
  })

  it('proves a copy without metadata as far as the next digests have the signatures', async () => {
    const { objects, digests } = archive()
    const { code, stdout } = await verify(await copy(objects, false))
    expect(stdout).toContain(`digest-unproven  ${digests[7]}\n`)
    expect(stdout).toContain('7 of 8 digests signed\n')
    expect(code).toBe(5)
  })

  it('looks for the original bucket where it is told one', async () => {
    const folder = await copy(archive().objects)
    expect((await verify(folder, '--copy-of', 'trails')).code).toBe(0)
    expect((await verify(folder, '--copy-of', 'others')).code).toBe(4)
  })

  it('goes on from its state, and begins anew once it is finished', async () => {
    const { objects, logs } = archive()
    const folder = await copy(objects)
    const state = join(top, 'state.json')
    const { code } = await verify(folder, '--state', state)
    expect(code).toBe(0)
    const kept = JSON.parse(await readFile(state, 'utf8'))
    expect(kept).toMatchObject({ version: 1, finished: true, span: { from: '2026-11-21T20:00:00.000Z' } })
    // As a run that was stopped behind all of the region leaves it.
    await writeFile(state, JSON.stringify({ ...kept, finished: false }))
    await rm(join(folder, logs[0]![0]!))
    const rest = await verify(folder, '--state', state)
    expect(rest.stderr).toMatch(/^going on in AWSLogs\/123456789012\/ eu-central-1/)
    expect(rest.stdout).toContain('16 of 16 log files as signed for')
    expect((await verify(folder, '--state', state)).code).toBe(4)
    expect(await verify(folder, '--state', state, '--region', 'us-east-1')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('is the state of another run: its regions is [], and not ["us-east-1"]'),
    })
  })

  it.each([
    ['keys that are not there', ['--public-keys', '/nowhere.json'], 'names a file that is not there'],
    ['aws and files', ['--public-keys', 'aws', 'x.json'], '--public-keys takes aws, or files'],
    ['an end before the beginning', ['--until', '2026-11-01'], '--since has to be before --until'],
  ])('refuses %s', async (_, more, words) => {
    const { code, stderr } = await verify(await copy(archive(1).objects), ...more)
    expect(stderr).toContain(words)
    expect(code).toBe(2)
  })

  it('refuses a file, and keys and metadata that are none', async () => {
    expect((await verify(keys)).stderr).toContain('is a file; verify takes s3://bucket')
    const { objects, digests } = archive(1)
    const folder = await copy(objects)
    await writeFile(join(folder, `${digests[0]}.head.json`), '{}')
    const { code, stderr } = await verify(folder)
    expect(stderr).toContain('has no Metadata: it is to be what aws s3api head-object prints')
    expect(code).toBe(1)
    await writeFile(keys, '{}')
    expect((await verify(folder)).stderr).toContain(
      'has no key: it is to be what aws cloudtrail list-public-keys prints',
    )
  })

  it('reads nothing outside of the folder, whatever a digest names', async () => {
    const { objects, logs, digests } = archive(1)
    const digest = digestAt(objects, digests[0]!)
    const names = ['../keys.json', '../../etc/hosts', '/etc/hosts', `AWSLogs/.${logs[0]![0]!.slice(7)}`]
    names.push('AWSLogs\u001b[2J', 'AWSLogs\u0000')
    const logFiles = names.map((s3Object) => ({
      s3Bucket: 'trails',
      s3Object,
      hashValue: '00',
      hashAlgorithm: 'SHA-256',
    }))
    putDigest(objects, digests[0]!, { ...digest, logFiles }, pair.privateKey)
    const { code, stdout } = await verify(await copy(objects))
    expect(code).toBe(4)
    for (const name of names.slice(0, 4)) expect(stdout).toContain(`log-missing  ${name}\n`)
    expect(stdout).toContain('log-missing  AWSLogs\\u001b[2J\n')
    expect(stdout).toContain('log-missing  AWSLogs\\u0000\n')
  })
})

it('lists a folder as S3 lists a bucket', async () => {
  const names = ['a-b/1', 'a/1', 'a/2', 'a.b', 'a0', 'b/c/d', '.hidden', 'a/1.head.json']
  for (const name of names) {
    await mkdir(dirname(join(top, 'l', name)), { recursive: true })
    await writeFile(join(top, 'l', name), name)
  }
  const { ListObjectsV2Command } = await import('@aws-sdk/client-s3')
  const { fakeS3 } = await import('../../../source-s3/test/fake-s3.ts')
  const real = fakeS3(names.filter((name) => !/^\.|\.head\.json$/.test(name))).s3
  const asked = [
    {},
    { Delimiter: '/' },
    { Prefix: 'a/', Delimiter: '/' },
    { Prefix: 'a' },
    { Prefix: 'b/c' },
    { StartAfter: 'a/1' },
    { Prefix: 'a/', StartAfter: 'a/1' },
    { StartAfter: 'a-b/9' },
    { Prefix: 'nothing/' },
  ]
  for (const input of asked) {
    const of = async (s3: ReturnType<typeof folderAsBucket>) => {
      const { Contents = [], CommonPrefixes = [] } = await s3.send(new ListObjectsV2Command({ Bucket: 'x', ...input }))
      return [Contents.map(({ Key }) => Key), CommonPrefixes.map(({ Prefix }) => Prefix)]
    }
    expect(await of(folderAsBucket(join(top, 'l'))), JSON.stringify(input)).toEqual(await of(real))
  }
})

it('gives a large folder in pages', async () => {
  await mkdir(join(top, 'many'))
  for (let n = 0; n < 1001; n++) await writeFile(join(top, 'many', `${1000 + n}`), '')
  const { listObjects } = await import('@flowferry/source-s3')
  const listed: string[] = []
  for await (const { key } of listObjects({ s3: folderAsBucket(top), bucket: 'x', prefix: 'many/' })) listed.push(key)
  expect(listed).toEqual(Array.from({ length: 1001 }, (_, n) => `many/${1000 + n}`))
})
