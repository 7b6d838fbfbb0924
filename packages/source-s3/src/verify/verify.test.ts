import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import {
  digestAt,
  keyPair,
  memoryS3,
  type Objects,
  putDigest,
  sha256,
  type TrailOptions,
  writeTrail,
} from '../../test/trail.ts'
import type { Finding } from './findings.ts'
import type { VerifyPosition } from './report.ts'
import { type VerifyOptions, verifyCloudTrail } from './verify.ts'

const hour = 3_600_000
const start = Date.parse('2026-11-21T20:00:00Z')
const pair = keyPair()
const other = keyPair()

/** Eight hours over midnight. */
function archive(more: Partial<TrailOptions> = {}) {
  const objects: Objects = new Map()
  return { objects, ...writeTrail(objects, { start, hours: 8, pair, ...more }) }
}

async function verify(objects: Objects, more: Partial<VerifyOptions> = {}) {
  const findings: Finding[] = []
  const { s3, gets } = memoryS3(objects)
  const report = await verifyCloudTrail({
    s3,
    bucket: 'trails',
    from: new Date(start),
    to: new Date(start + 8 * hour),
    publicKeys: [pair.publicKey],
    onFinding: (finding) => findings.push(finding),
    ...more,
  })
  return { report, gets, findings, found: findings.map(({ kind, key }) => [kind, key]) }
}

/** A client that S3 refuses one key. */
function failingOf(objects: Objects, key: string, name: string): VerifyOptions['s3'] {
  const { s3 } = memoryS3(objects)
  const send = async (command: { readonly input: { readonly Key?: string } }, ...rest: unknown[]) => {
    if (command.input.Key === key) throw Object.assign(new Error('no'), { name })
    return (s3.send as (...all: unknown[]) => unknown)(command, ...rest)
  }
  return { send } as never
}

describe('an archive that nobody touched', () => {
  it('is whole, and says from when to when', async () => {
    const { objects } = archive()
    const { report, findings } = await verify(objects)
    expect(findings).toEqual([])
    expect(report).toEqual({
      digests: 8,
      signed: 8,
      named: 16,
      matching: 16,
      bytes: expect.any(Number),
      listed: 16,
      pending: 0,
      findings: {},
      chains: [
        {
          folder: 'AWSLogs/123456789012/',
          region: 'eu-central-1',
          trail: 'main',
          from: '2026-11-21T20:00:00.000Z',
          until: '2026-11-22T04:00:00.000Z',
        },
      ],
      verdict: 'whole',
    })
  })

  it.each([
    ['of an organization', 'AWSLogs/o-exampleorgid/'],
    ['of Control Tower', 'o-exampleorgid/AWSLogs/o-exampleorgid/'],
    ['below a prefix', 'audit/2026/AWSLogs/'],
    ['below a folder whose name begins with CloudTrail', 'CloudTrail-logs/AWSLogs/'],
    ['below a folder whose name ends in CloudTrail', 'org-CloudTrail/AWSLogs/'],
    ['below a folder that is called as its own', 'CloudTrail/AWSLogs/'],
    ['below a folder that is called as that of its digests', 'CloudTrail-Digest/AWSLogs/o-exampleorgid/'],
  ])('is whole %s, in several accounts and regions, with trails whose names are odd', async (_, above) => {
    const { objects } = archive({ above, trail: 'a_b.c-us-east-1' })
    writeTrail(objects, { above, start, hours: 8, pair, region: 'us-gov-west-1' })
    writeTrail(objects, { above, start, hours: 8, pair, account: '111122223333', trail: 'second' })
    writeTrail(objects, { above, start, hours: 8, pair, trail: 'third' })
    const { report, findings } = await verify(objects)
    expect(findings).toEqual([])
    expect(new Set(report.chains.map(({ folder }) => folder))).toEqual(
      new Set([`${above}111122223333/`, `${above}123456789012/`]),
    )
    expect(report.chains.map(({ region, trail }) => [region, trail])).toEqual([
      ['eu-central-1', 'second'],
      ['eu-central-1', 'a_b.c-us-east-1'],
      ['eu-central-1', 'third'],
      ['us-gov-west-1', 'main'],
    ])
    expect(report).toMatchObject({ digests: 32, signed: 32, named: 64, matching: 64, listed: 64, verdict: 'whole' })
    const some = await verify(objects, { regions: ['us-gov-west-1'] })
    expect(some.report).toMatchObject({ digests: 8, listed: 16, verdict: 'whole' })
    const below = await verify(objects, { prefix: `${above}111122223333/CloudTrail-Digest/eu-central-1/2026/` })
    expect(below.report).toMatchObject({ digests: 8, listed: 0, verdict: 'whole' })
  })

  it('is whole in a part of its span, and reads no digest of another day', async () => {
    const { objects } = archive({ hours: 100 })
    const { report, gets } = await verify(objects, {
      from: new Date(start + 40 * hour),
      to: new Date(start + 50 * hour),
    })
    expect(report).toMatchObject({ verdict: 'whole', listed: 20 })
    expect(gets.length).toBeLessThan(45)
  })

  it('says which files the next digest has to name', async () => {
    const { objects } = archive()
    const key =
      'AWSLogs/123456789012/CloudTrail/eu-central-1/2026/11/22/123456789012_CloudTrail_eu-central-1_20261122T0410Z_new.json.gz'
    objects.set(key, { body: gzipSync('{}'), metadata: {} })
    const { report } = await verify(objects, { to: new Date(start + 9 * hour) })
    expect(report).toMatchObject({ pending: 1, verdict: 'whole' })
  })
})

describe('what was tampered with is named', () => {
  it('a log file that was changed', async () => {
    const { objects, logs } = archive()
    objects.get(logs[5]![0]!)!.body = gzipSync('{"Records":[]}')
    const { report, found, findings } = await verify(objects)
    expect(found).toEqual([['log-changed', logs[5]![0]]])
    expect(findings[0]!.what).toMatch(/^its hash is [0-9a-f]{64}, and was [0-9a-f]{64}; named by AWSLogs\//)
    expect(report).toMatchObject({ verdict: 'changed', matching: 15, findings: { 'log-changed': 1 } })
  })

  it('a log file that was damaged', async () => {
    const { objects, logs } = archive()
    const stored = objects.get(logs[5]![0]!)!
    stored.body = stored.body.subarray(0, -6)
    expect((await verify(objects)).found).toEqual([['log-changed', logs[5]![0]]])
  })

  it('a log file that was removed', async () => {
    const { objects, logs } = archive()
    objects.delete(logs[0]![1]!)
    const { report, found } = await verify(objects)
    expect(found).toEqual([['log-missing', logs[0]![1]]])
    expect(report.verdict).toBe('changed')
  })

  it('a log file that was inserted, on either side of midnight', async () => {
    const { objects } = archive()
    const keys = [
      '2026/11/21/123456789012_CloudTrail_eu-central-1_20261121T2359Z',
      '2026/11/22/123456789012_CloudTrail_eu-central-1_20261122T0000Z',
    ].map((name) => `AWSLogs/123456789012/CloudTrail/eu-central-1/${name}_inserted.json.gz`)
    for (const key of keys) objects.set(key, { body: gzipSync('{"Records":[]}'), metadata: {} })
    const { report, found } = await verify(objects)
    expect(found).toEqual(keys.map((key) => ['log-inserted', key]))
    expect(report.verdict).toBe('changed')
  })

  it.each([
    ['says another year than its folder', '2026/11/21/123456789012_CloudTrail_eu-central-1_20200101T0000Z_x.json.gz'],
    ['says the day after its folder', '2026/11/21/123456789012_CloudTrail_eu-central-1_20261122T0100Z_x.json.gz'],
    ['says a time long before its folder', '2026/11/22/123456789012_CloudTrail_eu-central-1_20261121T2000Z_x.json.gz'],
    ['says no time', '2026/11/22/x.json.gz'],
    ['is in a folder below', '2026/11/21/sub/123456789012_CloudTrail_eu-central-1_20261121T2115Z_x.json.gz'],
    ['stands beside the folder of its day', '2026/11/21_/x.json.gz'],
  ])('a log file that was inserted, whose name %s', async (_, name) => {
    const { objects } = archive()
    const key = `AWSLogs/123456789012/CloudTrail/eu-central-1/${name}`
    objects.set(key, { body: gzipSync('{"Records":[]}'), metadata: {} })
    const { report, found } = await verify(objects)
    expect(found).toEqual([['log-inserted', key]])
    expect(report).toMatchObject({ listed: 17, verdict: 'changed' })
  })

  it('a digest that is in no folder of a day, nor signed for its place', async () => {
    const { objects, digests } = archive()
    for (const place of ['2026/11/21/sub/', '2026/11/21_/']) {
      const key = digests[2]!.replace('2026/11/21/', place)
      objects.set(key, objects.get(digests[2]!)!)
      const { found } = await verify(objects)
      expect(found).toEqual([
        ['digest-reordered', key],
        ['chain-broken', key],
      ])
      objects.delete(key)
    }
  })

  it('log files whose contents were exchanged', async () => {
    const { objects, logs } = archive()
    const [a, b] = [objects.get(logs[2]![0]!)!, objects.get(logs[2]![1]!)!]
    ;[a.body, b.body] = [b.body, a.body]
    const { found, findings } = await verify(objects)
    expect(found).toEqual(logs[2]!.map((key) => ['log-reordered', key]))
    expect(findings[0]!.what).toContain(logs[2]![1])
  })

  it('a digest that was changed, told by the one after it', async () => {
    const { objects, digests } = archive()
    const stored = objects.get(digests[3]!)!
    stored.body = gzipSync(JSON.stringify({ ...digestAt(objects, digests[3]!), oldestEventTime: 'never' }))
    const { report, found, findings } = await verify(objects)
    expect(found).toEqual([['digest-changed', digests[3]]])
    expect(findings[0]!.what).toContain(digests[4])
    expect(report.signed).toBe(7)
  })

  it('the last digest, of which none tells', async () => {
    const { objects, digests } = archive()
    objects.get(digests[7]!)!.body = gzipSync(JSON.stringify({ ...digestAt(objects, digests[7]!), logFiles: [] }))
    const { found } = await verify(objects)
    expect(found).toContainEqual(['digest-changed', digests[7]])
  })

  it.each([
    ['no JSON', '{"digest'],
    ['no digest', '{"digestS3Bucket":"trails"}'],
    ['not an object', 'null'],
    ['a log file without a hash', undefined],
  ])('a digest that is %s', async (_, text) => {
    const { objects, digests } = archive()
    const broken = text ?? JSON.stringify({ ...digestAt(objects, digests[3]!), logFiles: [{ s3Object: 'x' }] })
    objects.get(digests[3]!)!.body = gzipSync(broken)
    expect((await verify(objects)).found).toContainEqual(['digest-changed', digests[3]])
  })

  it.each<[string, readonly object[], string]>([
    ['is named with two hashes', [{ hashValue: '00' }, { hashValue: '01' }], 'twice, with two hashes or buckets'],
    ['is named in two buckets', [{}, { s3Bucket: 'other' }], 'twice, with two hashes or buckets'],
    ['has no key', [{ s3Object: '' }], 'an s3Object of no or above 1024 bytes'],
    ['has a key that none can be', [{ s3Object: 'ä'.repeat(513) }], 'an s3Object of no or above 1024 bytes'],
    [
      'is hashed by what is no text',
      [{ hashAlgorithm: { toString: 1, valueOf: 1 } }],
      'hashed by {"toString":1,"valueOf":1},',
    ],
  ])('a digest of which a log file %s', async (_, changes, words) => {
    const { objects, digests } = archive()
    const digest = digestAt(objects, digests[3]!)
    const [file] = digest.logFiles as object[]
    putDigest(
      objects,
      digests[3]!,
      { ...digest, logFiles: changes.map((change) => ({ ...file, ...change })) },
      other.privateKey,
    )
    const { found, findings } = await verify(objects)
    expect(found[0]).toEqual(['digest-changed', digests[3]])
    expect(findings[0]!.what).toContain(words)
  })

  it('a digest that nobody signed, whose files are read once and are not as signed for', async () => {
    const { objects, logs, digests } = archive()
    const digest = digestAt(objects, digests[7]!)
    const [file] = digest.logFiles as object[]
    putDigest(objects, digests[7]!, { ...digest, logFiles: Array(1000).fill(file) }, other.privateKey)
    const { report, gets, found } = await verify(objects)
    expect(found).toEqual([
      ['log-inserted', logs[7]![1]],
      ['digest-changed', digests[7]],
    ])
    expect(gets.filter((key) => key === logs[7]![0])).toHaveLength(1)
    expect(report).toMatchObject({ signed: 7, named: 15, matching: 14 })
  })

  it('a digest whose content is that of no other one, with files as somebody wants them', async () => {
    const { objects, logs, digests } = archive()
    const content = Buffer.from('{"Records":[]}')
    objects.get(logs[3]![0]!)!.body = gzipSync(content)
    const digest = digestAt(objects, digests[3]!)
    const [first, ...rest] = digest.logFiles as object[]
    putDigest(
      objects,
      digests[3]!,
      { ...digest, logFiles: [{ ...first, hashValue: sha256(content) }, ...rest] },
      other.privateKey,
    )
    const { report, found } = await verify(objects)
    expect(found).toEqual([['digest-changed', digests[3]]])
    expect(report).toMatchObject({ signed: 7, named: 16, matching: 14 })
  })

  it('a digest that was signed again with another key, which it names', async () => {
    const { objects, digests } = archive()
    const forged = {
      ...digestAt(objects, digests[3]!),
      digestPublicKeyFingerprint: other.publicKey.Fingerprint,
      logFiles: [],
    }
    putDigest(objects, digests[3]!, forged, other.privateKey)
    const { found, findings } = await verify(objects)
    expect(found).toContainEqual(['digest-resigned', digests[3]])
    expect(findings[0]!.what).toContain(other.publicKey.Fingerprint)
  })

  it('a digest that was signed again with another key, and names its own', async () => {
    const { objects, digests } = archive()
    putDigest(objects, digests[3]!, digestAt(objects, digests[3]!), other.privateKey)
    const { report, found } = await verify(objects)
    expect(found).toEqual([['digest-resigned', digests[3]]])
    // The next one has the signature that its content had.
    expect(report).toMatchObject({ signed: 7, matching: 16 })
  })

  it('a digest that lost its signature', async () => {
    const { objects, digests } = archive()
    objects.get(digests[3]!)!.metadata = {}
    const { report, found } = await verify(objects)
    expect(found).toEqual([['digest-unsigned', digests[3]]])
    expect(report).toMatchObject({ signed: 7, matching: 16 })
  })

  it('a signature that is none', async () => {
    const { objects, digests } = archive()
    objects.get(digests[3]!)!.metadata = { signature: 'no hexadecimal digits' }
    expect((await verify(objects)).found).toEqual([['digest-resigned', digests[3]]])
  })

  it('a digest that was removed, and files that none signs for then', async () => {
    const { objects, digests, logs } = archive()
    objects.delete(digests[3]!)
    const { report, found } = await verify(objects)
    expect(found).toEqual([['digest-missing', digests[3]], ...logs[3]!.map((key) => ['log-unsigned', key])])
    expect(report.verdict).toBe('changed')
  })

  it('the first digest of the span, and the last ones', async () => {
    const { objects, digests } = archive({ hours: 12 })
    objects.delete(digests[0]!)
    for (const key of digests.slice(5)) objects.delete(key)
    const { found } = await verify(objects, { to: new Date(start + 12 * hour) })
    expect(found).toContainEqual(['digest-missing', digests[0]])
    expect(found).toContainEqual(['digests-end', digests[4]])
  })

  it('digests that were exchanged', async () => {
    const { objects, digests } = archive()
    const [a, b] = [objects.get(digests[2]!)!, objects.get(digests[3]!)!]
    objects.set(digests[2]!, b).set(digests[3]!, a)
    const { found, findings } = await verify(objects)
    expect(found).toEqual([
      ['digest-reordered', digests[2]],
      ['digest-reordered', digests[3]],
    ])
    expect(findings[0]!.what).toContain(digests[3])
  })

  it.each(['previousDigestHashValue', 'previousDigestSignature'])('a chain that is broken: %s', async (name) => {
    const { objects, digests } = archive({
      change: (digest, at) => {
        if (at === 4) digest[name] = '00'.repeat(32)
      },
    })
    const { report, found } = await verify(objects)
    expect(found).toEqual([['chain-broken', digests[4]]])
    expect(report).toMatchObject({ signed: 8, verdict: 'changed' })
  })

  it('a digest that was put between two others', async () => {
    const { objects, digests } = archive()
    const key = digests[3]!.replace('000000Z', '003000Z')
    expect(key).not.toBe(digests[3])
    putDigest(objects, key, { ...digestAt(objects, digests[3]!), digestS3Object: key, logFiles: [] }, pair.privateKey)
    expect((await verify(objects)).found).toContainEqual(['chain-broken', key])
  })

  it('an archive whose digests were all removed', async () => {
    const { objects, digests } = archive()
    for (const key of digests) objects.delete(key)
    const { report, found } = await verify(objects)
    expect(found).toEqual([['no-digests', 'AWSLogs/123456789012/CloudTrail/eu-central-1/2026/11/21/']])
    expect(report.verdict).toBe('not-proven')
  })
})

describe('what is not known', () => {
  it('a span in which validation was off', async () => {
    const { objects, digests } = archive({ hours: 2 })
    const key =
      'AWSLogs/123456789012/CloudTrail/eu-central-1/2026/11/21/123456789012_CloudTrail_eu-central-1_20261121T2230Z_off.json.gz'
    objects.set(key, { body: gzipSync('{}'), metadata: {} })
    const later = writeTrail(objects, { start: start + 4 * hour, hours: 4, pair })
    const { report, found } = await verify(objects)
    expect(found).toEqual([
      ['digest-gap', later.digests[0]],
      ['log-unsigned', key],
    ])
    expect(report.verdict).toBe('not-proven')
    expect(digests).toHaveLength(2)
  })

  it('a file in an archive tier', async () => {
    const { objects, logs } = archive()
    const { report, found } = await verify(objects, { s3: failingOf(objects, logs[1]![0]!, 'InvalidObjectState') })
    expect(found).toEqual([['log-unreadable', logs[1]![0]]])
    expect(report.verdict).toBe('not-proven')
  })

  it('a file that S3 refuses to be one, and the others are read on', async () => {
    const { objects, logs } = archive()
    const { report, found, findings } = await verify(objects, {
      s3: failingOf(objects, logs[1]![0]!, 'KeyTooLongError'),
    })
    expect(found).toEqual([['log-unreadable', logs[1]![0]]])
    expect(findings[0]!.what).toMatch(/^it cannot be read: GetObject failed: KeyTooLongError, no/)
    expect(report).toMatchObject({ matching: 15, verdict: 'not-proven' })
  })

  it('what a digest in an archive tier names, where another trail covers its time', async () => {
    const { objects, logs, digests } = archive({ hours: 40 })
    const second = writeTrail(objects, { start, hours: 40, pair, trail: 'second' })
    const to = new Date(start + 40 * hour)
    const s3 = failingOf(objects, digests[2]!, 'InvalidObjectState')
    const positions: string[] = []
    const onPosition = (position: VerifyPosition) => positions.push(JSON.stringify(position))
    const { report, found } = await verify(objects, { s3, to, onPosition })
    expect(found).toEqual([['digest-unreadable', digests[2]], ...logs[2]!.map((key) => ['log-unsigned', key])])
    expect(report.verdict).toBe('not-proven')
    for (const text of positions)
      expect((await verify(objects, { s3, to, after: JSON.parse(text) as VerifyPosition })).report).toEqual(report)
    // Of another hour it is known.
    const inserted = second.logs[4]![0]!.replace(/_[^_]*$/, '_in.json.gz')
    objects.set(inserted, { body: gzipSync('{}'), metadata: {} })
    const changed = await verify(objects, { s3, to })
    expect(changed.found).toContainEqual(['log-inserted', inserted])
    expect(changed.report.verdict).toBe('changed')
  })
})

describe('backfill digests', () => {
  const late =
    'AWSLogs/123456789012/CloudTrail/eu-central-1/2026/11/21/123456789012_CloudTrail_eu-central-1_20261121T2130Z_late.json.gz'
  const named = (objects: Objects, digests: readonly string[], folder: string, of = pair) => {
    objects.set(late, { body: gzipSync('{"Records":[]}'), metadata: {} })
    const key = digests[1]!.replace('2026/11/21', folder).replace('.json.gz', '_backfill.json.gz')
    const digest = {
      ...digestAt(objects, digests[1]!),
      digestS3Object: key,
      digestPublicKeyFingerprint: of.publicKey.Fingerprint,
      previousDigestS3Bucket: null,
      previousDigestS3Object: null,
      previousDigestSignature: null,
      logFiles: [
        {
          s3Bucket: 'trails',
          s3Object: late,
          hashValue: '00'.repeat(32),
          hashAlgorithm: 'SHA-256',
        },
      ],
    }
    return { key, digest }
  }

  it.each([
    ['of its time', '2026/11/21'],
    ['of the day on which it was made', '2026/11/25'],
  ])('name files that were left out, in the folder %s', async (_, folder) => {
    const { objects, digests } = archive()
    const { key, digest } = named(objects, digests, folder)
    expect((await verify(objects)).found).toEqual([['log-inserted', late]])
    putDigest(objects, key, digest, pair.privateKey, { 'backfill-generation-timestamp': '2026-11-25T00:00:00Z' })
    expect((await verify(objects)).found).toEqual([['log-changed', late]])
    digest.logFiles[0]!.hashValue = sha256(Buffer.from('{"Records":[]}'))
    putDigest(objects, key, digest, pair.privateKey)
    const { report, found } = await verify(objects)
    expect(found).toEqual([])
    expect(report).toMatchObject({ digests: 9, signed: 9, named: 17, matching: 17, verdict: 'whole' })
  })

  it('are signed by a key of the time at which they were made', async () => {
    const { objects, digests } = archive()
    const { key, digest } = named(objects, digests, '2026/11/21', other)
    putDigest(objects, key, digest, other.privateKey, { 'backfill-generation-timestamp': '2026-12-25T10:00:00Z' })
    const asked: string[] = []
    const { report } = await verify(objects, {
      publicKeys: async ({ region, from }) => {
        asked.push(`${region} ${from.toISOString().slice(0, 10)}`)
        return [from > new Date('2026-12-20') ? other.publicKey : pair.publicKey]
      },
    })
    expect(report.signed).toBe(9)
    expect(asked).toEqual(['us-east-1 2026-12-24', 'us-east-1 2026-11-20'])
  })
})

describe('a copy', () => {
  it('in another bucket is one of its original, and of none other', async () => {
    const { objects } = archive({ bucket: 'original' })
    expect((await verify(objects)).report.findings).toMatchObject({ 'digest-reordered': 8 })
    expect((await verify(objects, { copyOf: 'original' })).report.verdict).toBe('whole')
    expect((await verify(objects, { copyOf: true })).report.verdict).toBe('whole')
  })

  it('without metadata is proven by the signatures that the next digests have, but for the last one', async () => {
    const { objects, digests } = archive()
    for (const stored of objects.values()) stored.metadata = undefined
    const { report, found } = await verify(objects)
    expect(found).toEqual([['digest-unproven', digests[7]]])
    expect(report).toMatchObject({ digests: 8, signed: 7, named: 16, matching: 14, verdict: 'not-proven' })
    const stored = objects.get(digests[3]!)!
    stored.body = gzipSync(JSON.stringify({ ...digestAt(objects, digests[3]!), logFiles: [] }))
    expect((await verify(objects)).found).toContainEqual(['digest-changed', digests[3]])
  })
})

describe('a trail that began within the span', () => {
  it.each([
    ['with metadata', true],
    ['without', false],
  ])('has log files of before it that nobody signed for, %s', async (_, hasMetadata) => {
    const objects: Objects = new Map()
    writeTrail(objects, { start: start + 3 * hour, hours: 5, pair })
    const key =
      'AWSLogs/123456789012/CloudTrail/eu-central-1/2026/11/21/123456789012_CloudTrail_eu-central-1_20261121T2105Z_x.json.gz'
    objects.set(key, { body: gzipSync('{}'), metadata: {} })
    if (!hasMetadata) for (const stored of objects.values()) stored.metadata = undefined
    expect((await verify(objects)).found).toContainEqual(['log-unsigned', key])
  })
})

describe('a run that was stopped', () => {
  it('goes on where it was, and comes to the same', async () => {
    const { objects, logs, digests } = archive({ hours: 100 })
    writeTrail(objects, { start, hours: 100, pair, region: 'us-east-1' })
    const inserted =
      'AWSLogs/123456789012/CloudTrail/eu-central-1/2026/11/23/123456789012_CloudTrail_eu-central-1_20261123T2359Z_in.json.gz'
    objects.set(inserted, { body: gzipSync('{}'), metadata: {} })
    for (const place of ['2026/11/24/sub/', '2026/11/24_'])
      objects.set(inserted.replace('2026/11/23/', place), { body: gzipSync('{}'), metadata: {} })
    objects.delete(logs[3]![0]!)
    objects.delete(digests[60]!)
    const to = new Date(start + 100 * hour)
    const positions: string[] = []
    const whole = await verify(objects, { to, onPosition: (position) => positions.push(JSON.stringify(position)) })
    expect(whole.report.findings['log-inserted']).toBe(3)
    // Six days and an end, of each region.
    expect(positions).toHaveLength(14)
    for (const text of positions) {
      const after = JSON.parse(text) as VerifyPosition
      const rest = await verify(objects, { to, after })
      expect(rest.report).toEqual(whole.report)
      expect(whole.findings.slice(-rest.findings.length || whole.findings.length)).toEqual(rest.findings)
    }
  })
})

it('holds the names of some days, however many files there are', async () => {
  const objects: Objects = new Map()
  writeTrail(objects, { start, hours: 1000, filesAnHour: 10, pair })
  const sizes: number[] = []
  const { report, gets } = await verify(objects, {
    to: new Date(start + 1000 * hour),
    onPosition: (position) => sizes.push(JSON.stringify(position).length),
  })
  expect(report).toMatchObject({ digests: 1000, named: 10_000, matching: 10_000, listed: 10_000, verdict: 'whole' })
  // Each is read once.
  expect(gets).toHaveLength(11_000)
  // What is known from one day to the next does not grow.
  expect(Math.max(...sizes)).toBeLessThan(4000)
})

it('ends where S3 refuses everybody, and where it is told to', async () => {
  const { objects } = archive()
  const refuse = async () => {
    throw Object.assign(new Error('expired'), { name: 'ExpiredToken' })
  }
  await expect(verify(objects, { s3: { send: refuse } as never })).rejects.toMatchObject({ code: 'SOURCE_CREDENTIALS' })
  await expect(verify(objects, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ABORTED' })
})

it.each([
  ['no client', { s3: {} as never }],
  ['no bucket', { bucket: '' }],
  ['no keys', { publicKeys: undefined as never }],
  ['a key that is none', { publicKeys: [{ Fingerprint: 'ab', Value: 'AAAA' }] }],
  ['an end before the beginning', { to: new Date(0) }],
  ['too many at a time', { concurrency: 65 }],
])('refuses %s', async (_, options) => {
  await expect(verify(new Map(), options)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
})

describe('a span that nobody signed', () => {
  it.each([
    ['the last', 7, '2026-11-22T03:00:00.000Z'],
    ['one in the middle', 4, '2026-11-22T04:00:00.000Z'],
  ])('does not extend what is complete: of %s', async (_, hour, until) => {
    const { objects, digests } = archive()
    const key = digests[hour]!
    putDigest(objects, key, { ...digestAt(objects, key), digestEndTime: '2026-11-29T00:00:00Z' }, other.privateKey)
    const { report, found } = await verify(objects)
    expect(found).toContainEqual(['digest-changed', key])
    expect(report.chains).toMatchObject([{ from: '2026-11-21T20:00:00.000Z', until }])
  })

  it('does not cover a file of a later time', async () => {
    const { objects, digests, logs } = archive()
    for (const key of digests.slice(6)) objects.delete(key)
    const key = digests[5]!
    putDigest(objects, key, { ...digestAt(objects, key), digestEndTime: '2026-11-29T00:00:00Z' }, other.privateKey)
    const { report, found } = await verify(objects)
    expect(found.filter(([kind]) => kind === 'log-inserted')).toEqual([])
    expect(report.pending).toBe(logs[6]!.length + logs[7]!.length)
  })
})

/** What a run over so many hours of 100 files holds at most: objects that are read, entries of its position, names listed. */
async function heldOver(hours: number) {
  const objects: Objects = new Map()
  writeTrail(objects, { start, hours, pair, filesAnHour: 100 })
  const { s3 } = memoryS3(objects)
  let open = 0
  const held = { open: 0, entries: 0, position: 0 }
  const send = async (command: { readonly input: { readonly Key?: string } }) => {
    const answer = await (s3.send as unknown as (one: unknown) => Promise<{ Body?: AsyncIterable<Uint8Array> }>)(
      command,
    )
    if (command.input.Key === undefined) return answer
    held.open = Math.max(held.open, ++open)
    const body = async function* () {
      yield* answer.Body!
      open--
    }
    return { ...answer, Body: body() }
  }
  const report = await verifyCloudTrail({
    s3: { send } as never,
    bucket: 'trails',
    from: new Date(start),
    to: new Date(start + hours * hour),
    publicKeys: [pair.publicKey],
    onPosition: ({ links, coverage, unread = [], report }) => {
      held.entries = Math.max(held.entries, Object.keys(links).length + coverage.length + unread.length)
      held.position = Math.max(held.position, report.chains.length + Object.keys(report.findings).length)
    },
  })
  return { report, held }
}

it('holds no more over 10,000 files than over 3,000', { timeout: 60_000 }, async () => {
  const few = await heldOver(30)
  const many = await heldOver(100)
  expect(many.report).toMatchObject({ verdict: 'whole', digests: 100, matching: 10_000, listed: 10_000 })
  expect(many.held).toEqual(few.held)
  // The digest's files, a few at a time, and one link and one range of a trail.
  expect(many.held).toEqual({ open: 8, entries: 2, position: 1 })
})
