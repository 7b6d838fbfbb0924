import { type Batch, ingest, type Parser } from '@flowferry/core'
import { type CloudTrailRecord, cloudTrail } from '@flowferry/core/formats/cloudtrail'
import { memoryObject, memorySource } from '@flowferry/core/testing'
import { describe, expect } from 'vitest'
import { corpusCases, corpusFile } from '../support/corpora.ts'
import { engines } from '../support/engines.ts'
import { searchServer } from '../support/search.ts'
import { onServers } from '../support/servers.ts'

/** Samples of rules share their event ids, so here an id is made of file and position alone. */
const byPosition: Parser<CloudTrailRecord> = {
  ...cloudTrail,
  parse: async function* (object, context) {
    for await (const { recordId: _, ...batch } of cloudTrail.parse(object, context))
      yield batch as Batch<CloudTrailRecord>
  },
}

/** A row as Athena prints it, all names in lower case: no record of CloudTrail's. */
const lowerCase = 'panther-analysis/cloudtrail/aws_cloudtrail_password_policy_discovery__00.json'
const cases = corpusCases('cloudtrail').filter(
  ({ id, format, expected }) => format !== 'malformed-json' && !expected?.includes('truncated') && id !== lowerCase,
)

describe.runIf(cases.length > 0).each(engines)('all public CloudTrail samples, in $name', ({ name, setup, sink }) => {
  const { test, urls } = onServers(name)

  test('not one document is rejected, and the mapping answers', async () => {
    const { count, removeStreams, search } = searchServer(urls[0]!)
    await removeStreams()
    await setup(urls[0]!, { formats: cloudTrail.formats })
    const source = memorySource(...cases.map(({ id, input }) => memoryObject({ key: id, body: corpusFile(input) })))
    const report = await ingest({ source, parser: byPosition, sink: sink(urls[0]!) })
    expect(
      report.messages.flatMap(({ objects }) =>
        objects.flatMap(({ rejected, error }) => [...rejected, ...(error ? [error] : [])]),
      ),
    ).toEqual([])
    expect(report.counts).toMatchObject({ rejected: 0, malformed: 0, duplicate: 0, unfinished: 0 })

    const stream = 'logs-aws.cloudtrail-default'
    const stated = cases.reduce((sum, { records }) => sum + (records ?? 1), 0)
    expect(report.counts.written).toBe(stated)
    expect(await count(stream)).toBe(stated)
    console.log(`${name}: ${cases.length} files, ${stated} documents, none rejected`)

    // What the same questions give over the documents themselves.
    const sources: Record<string, never>[] = []
    for (let after: unknown[] | undefined; ; ) {
      const { hits } = await search(stream, {
        sort: [{ '@timestamp': 'asc' }, { _id: 'asc' }].slice(0, 1),
        ...(after && { search_after: after }),
      })
      const page = hits as ((typeof hits)[0] & { sort: unknown[] })[]
      sources.push(...page.map(({ _source }) => _source as Record<string, never>))
      if (page.length < 1000) break
      after = page.at(-1)!.sort
    }
    const at = (document: unknown, path: string) =>
      path.split('.').reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], document)
    const matching = (test: (document: unknown) => boolean) => sources.filter(test).length

    const ten = matching((document) => String(at(document, 'source.ip') ?? '').startsWith('10.'))
    expect(await count(stream, { term: { 'source.ip': '10.0.0.0/8' } })).toBe(ten)
    const july = matching((document) => String(at(document, '@timestamp')).startsWith('2023-07'))
    expect(july).toBeGreaterThan(1000)
    expect(await count(stream, { range: { '@timestamp': { gte: '2023-07-01', lt: '2023-08-01' } } })).toBe(july)
    const names = sources.map((document) => at(document, 'user.name')).filter((value) => typeof value === 'string')
    const name_ = names.sort((a, b) => names.filter((n) => n === b).length - names.filter((n) => n === a).length)[0]!
    expect(await count(stream, { term: { 'user.name': name_ } })).toBe(
      matching((document) => at(document, 'user.name') === name_),
    )
    const buckets = matching(
      (document) => at(document, 'aws.cloudtrail.flattened.request_parameters.bucketName') !== undefined,
    )
    expect(buckets).toBeGreaterThan(0)
    const bucket = sources
      .map((document) => at(document, 'aws.cloudtrail.flattened.request_parameters.bucketName'))
      .find((value) => typeof value === 'string')
    const inBucket = matching(
      (document) => at(document, 'aws.cloudtrail.flattened.request_parameters.bucketName') === bucket,
    )
    expect(await count(stream, { term: { 'aws.cloudtrail.flattened.request_parameters.bucketName': bucket } })).toBe(
      inBucket,
    )
  })
})
