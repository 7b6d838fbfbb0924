import { detect, ingest } from '@flowferry/core'
import { cloudFront } from '@flowferry/core/formats/cloudfront'
import { cloudTrail } from '@flowferry/core/formats/cloudtrail'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { memoryObject, memorySink, memorySource } from '@flowferry/core/testing'
import { beforeAll, describe, expect, test } from 'vitest'
import { cloudFrontFile, cloudTrailFile, flowFile, twin } from './support/log-files.ts'
import { random } from './support/random.ts'
import { differences, type Found, type StoredFile, truthOf } from './support/truth.ts'

const chance = random(7)
const lastModified = new Date('2026-11-30T00:00:00Z')
const flows = flowFile(chance, 'flows', 'custom', { records: 300, malformed: true, account: '111111111111' })
const plain = flowFile(chance, 'plain', 'v2', { records: 150, packing: 'members', account: '222222222222' })
const events = cloudTrailFile(chance, 'events', { records: 120 })
const visits = cloudFrontFile(chance, 'visits', { records: 200, malformed: true })
const stored: StoredFile[] = [
  ...[flows, twin(flows, 'again.log.gz'), plain, events, twin(events, events.key.replace('events', 'again')), visits],
  twin(events, 'elsewhere.json.gz', null),
].map((file) => ({ ...file, bucket: 'one', lastModified }))
stored.push(
  ...[flows, events, visits, twin(events, 'elsewhere.json.gz', null)].map((file) => ({
    ...file,
    bucket: 'two',
    lastModified,
  })),
)
const truth = truthOf(stored)

describe('what the writer of the files tells', () => {
  let documents: Found['documents'][number][]

  beforeAll(async () => {
    const sink = memorySink()
    const objects = stored.map(({ bucket, key, body }) => memoryObject({ bucket, key, body, lastModified }))
    await ingest({ source: memorySource(...objects), parser: detect([vpcFlow, cloudTrail, cloudFront]), sink })
    documents = [...sink.documents].map(([id, { document }]) => found(id, document))
  })

  const found = (id: string, source: unknown) => ({
    dataset: (source as { event: { dataset: StoredFile['dataset'] } }).event.dataset,
    id,
    source,
  })
  const unlike = (changed: Found['documents']) => differences(truth, { documents: changed, totals: truth.totals })
  const one = (what: string) => documents.findIndex(({ dataset }) => dataset === what)

  test('is what the project makes of them', () => {
    expect(unlike(documents)).toEqual([])
  })

  test.each(['aws.vpcflow', 'aws.cloudtrail', 'aws.cloudfront_logs'])('shows in %s', (dataset) => {
    const at = one(dataset)
    const { id, source } = documents[at]!
    const other = (changes: object) => documents.with(at, { ...documents[at]!, ...changes })
    expect(unlike(documents.toSpliced(at, 1)), 'a lost document').not.toEqual([])
    expect(unlike([...documents, { ...documents[at]!, id: `${id}zz` }]), 'a doubled one').not.toEqual([])
    expect(unlike([...documents, documents[at]!]), 'an id twice').not.toEqual([])
    expect(unlike(other({ id: `${id}zz` })), 'another id').not.toEqual([])
    const { source: from, ...rest } = source as { source: object }
    expect(
      unlike(other({ source: { ...rest, source: { ...from, ip: '192.0.2.99', address: '192.0.2.99' } } })),
      'a value',
    ).not.toEqual([])
  })

  test('a document of one twin in the place of the other is one lost and one doubled', () => {
    const [first, second] = documents
      .filter(({ source }) => (source as { cloud: { account: { id: string } } }).cloud?.account?.id === '111111111111')
      .filter(({ id }) => /^.{22}0$/.test(id))
    expect(first!.source).toEqual(second!.source)
    expect(
      unlike(documents.with(documents.indexOf(first!), { ...second!, id: `${second!.id.slice(0, -1)}zz` })),
    ).not.toEqual([])
  })

  test('malformed records are counted where they stand', () => {
    expect(truth.objects.get(`one/${flows.key}`)).toEqual({ read: 300, malformed: [50, 147, 244] })
    expect(truth.objects.get(`two/${events.key}`)).toEqual({ read: 120, malformed: [11] })
  })
})
