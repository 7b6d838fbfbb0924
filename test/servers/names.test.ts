import {
  type Batch,
  type Format,
  type FormatParser,
  ingest,
  type MappingType,
  type Parser,
  type SourceObject,
} from '@flowferry/core'
import { type FormatName, formats } from '@flowferry/core/formats'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { memoryObject, memorySource } from '@flowferry/core/testing'
import { describe, expect } from 'vitest'
import { elasticNames, typeOf } from '../support/elastic-names.ts'
import { engines } from '../support/engines.ts'
import { fixtures } from '../support/fixtures.ts'
import { cloudFrontFile, cloudTrailFile, flowFile } from '../support/log-files.ts'
import { type Answer, type Question, questionsAbout, saidBy } from '../support/questions.ts'
import { random } from '../support/random.ts'
import { type EngineName, searchServer } from '../support/search.ts'
import { onServers } from '../support/servers.ts'
import { valuesAt } from '../support/values.ts'

/** What becomes of a question: the same answer, an empty one, a refusal, or an answer of its own for each form. */
type Outcome = 'same' | 'nothing' | 'refused' | 'differs'

interface Field {
  readonly name: string
  readonly type: MappingType
}

/** What small and full documents do not both answer, on purpose. */
interface Exception {
  readonly outcome: Outcome | 'not asked'
  readonly questions: readonly string[]
  readonly of: (field: Field, format: Format) => boolean | undefined
  /** @default both */
  readonly engine?: EngineName
  /** Only of Elasticsearch 8 and OpenSearch 2. */
  readonly old?: true
  readonly reason: string
}

const grouped = ['terms aggregation', 'composite', 'cardinality']
const isKey = ({ name, type }: Field, { mapping }: Format) => type === 'flattened' && !(name in mapping)
const keyOf = ({ name }: Field, { mapping }: Format) =>
  name.slice(Object.keys(mapping).find((one) => name.startsWith(`${one}.`))!.length + 1)

const exceptions: readonly Exception[] = [
  {
    outcome: 'refused',
    questions: ['prefix', 'wildcard', 'query_string: a*'],
    of: ({ type }) => type === 'ip',
    reason: 'an address is no text: CIDR and ranges find it, and its keyword is found by its beginning',
  },
  {
    outcome: 'refused',
    questions: [...grouped, 'sort', 'docvalue_fields'],
    of: ({ name }, { mapping }) => mapping[name]?.doc_values === false,
    reason: 'nobody groups or sorts by free-form text: it has no doc values, in either form',
  },
  {
    outcome: 'refused',
    questions: ['wildcard'],
    of: isKey,
    engine: 'elasticsearch',
    reason: 'Elasticsearch has no wildcard on a key of `flattened`',
  },
  {
    outcome: 'nothing',
    questions: ['cardinality'],
    of: isKey,
    engine: 'elasticsearch',
    reason: 'Elasticsearch counts 0 values of a key of `flattened`',
  },
  {
    outcome: 'refused',
    questions: ['range'],
    of: isKey,
    engine: 'elasticsearch',
    old: true,
    reason: 'Elasticsearch 8 has no range on a key of `flattened`',
  },
  {
    outcome: 'nothing',
    questions: ['exists'],
    of: (field, format) => isKey(field, format) && keyOf(field, format).includes('.'),
    engine: 'opensearch',
    old: true,
    reason: 'OpenSearch 2 knows of a key within a key of a `flat_object` only by its values',
  },
  {
    outcome: 'not asked',
    questions: [...grouped, 'sort'],
    of: ({ type }) => type === 'flattened',
    engine: 'opensearch',
    reason:
      'OpenSearch gives a bucket `java.lang.Object@…` for what a `flat_object` lacks, and breaks off a sort by it',
  },
  {
    outcome: 'refused',
    questions: ['docvalue_fields'],
    of: (field, format) => field.type === 'flattened' && !isKey(field, format),
    engine: 'opensearch',
    reason: 'OpenSearch gives the doc values of the keys of a `flat_object`, and none of all together',
  },
  {
    outcome: 'differs',
    questions: ['fields'],
    of: ({ name, type }, { aliases = {}, mapping }) => aliases[name] && type !== mapping[aliases[name].path]!.type,
    engine: 'opensearch',
    reason: 'the keyword of an address is a copy, and `fields` of OpenSearch reads `_source`: `docvalue_fields` has it',
  },
]

/** The parser of the same files, whose documents go to a dataset of their own. */
function into(dataset: string, parser: FormatParser<unknown>): Parser<unknown> {
  const own = (format: Format): Format => ({ ...format, dataset })
  return {
    ...parser,
    formats: parser.formats.map(own),
    parse: async function* (object, context) {
      for await (const batch of parser.parse(object, context))
        yield { ...batch, format: own(batch.format) } as Batch<unknown>
    },
  }
}

/** Fixtures and generated files of a format, and an event with what Elastic's rules look for in requests and answers. */
function objectsOf(name: FormatName, format: Format): SourceObject[] {
  const options = { records: 150 }
  const generated = {
    'vpc-flow': () => [flowFile(random(1), 'a', 'v2', options), flowFile(random(2), 'b', 'custom', options)],
    cloudtrail: () => [cloudTrailFile(random(3), 'c', options)],
    cloudfront: () => [cloudFrontFile(random(4), 'd', options)],
  }
  const files = name in generated ? generated[name as keyof typeof generated]() : []
  return [
    ...fixtures.filter((one) => one.formatName === name).map(({ key, body }) => memoryObject({ key, body })),
    ...files.map(({ key, body }) => memoryObject({ key, body })),
    ...(name === 'cloudtrail' ? [memoryObject({ key: 'CloudTrail/rules.json', body: eventOfRules(format) })] : []),
  ]
}

function eventOfRules(format: Format): string {
  const below = (member: string) => {
    const above = `aws.cloudtrail.flattened.${member}.`
    const paths = elasticNames(format).filter((name) => name.startsWith(above))
    return paths.reduce((object, path) => withValue(object, path.slice(above.length).split('.')), {})
  }
  return JSON.stringify({
    Records: ['a', 'b'].map((eventID) => ({
      eventVersion: '1.11',
      eventTime: '2026-11-22T10:00:00Z',
      eventSource: 'iam.amazonaws.com',
      eventName: 'UpdateUser',
      eventID,
      userIdentity: {
        type: 'IAMUser',
        invokedBy: 'AWS Internal',
        accessKeyId: 'ASIAIOSFODNN7EXAMPLE',
        sessionContext: { sessionIssuer: { type: 'Role', arn: 'arn:aws:iam::123456789012:role/app' } },
      },
      requestParameters: { ...below('request_parameters'), userName: 'ann', newUserName: 'bea', groupName: 'admins' },
      responseElements: below('response_elements'),
      sessionCredentialFromConsole: 'true',
      tlsDetails: { clientProvidedHostHeader: 'iam.amazonaws.com' },
    })),
  })
}

const withValue = (object: object, [name, ...rest]: readonly string[]): object => ({
  ...object,
  [name!]: rest.length === 0 ? `some ${name}` : withValue((object as Record<string, object>)[name!] ?? {}, rest),
})

describe.each(engines)('names in small and full documents, in $name', ({ name: engine, setup, sink }) => {
  const { test, urls } = onServers(engine)
  const url = urls[0]!
  const { ask, count, search } = searchServer(url)

  const store = async (parser: Parser<unknown>, objects: readonly SourceObject[]) => {
    const { counts } = await ingest({ source: memorySource(...objects), parser, sink: sink(url) })
    expect(counts).toMatchObject({ rejected: 0, unfinished: 0 })
    expect(counts.written).toBeGreaterThan(0)
  }
  const answersOf = async (stream: string, bodies: readonly object[]): Promise<readonly Answer[]> => {
    if (bodies.length === 0) return []
    const response = await fetch(`${url}/${stream}/_msearch`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson' },
      body: bodies.map((body) => `{}\n${JSON.stringify(body)}\n`).join(''),
    })
    const answer = (await response.json()) as { readonly responses?: readonly Answer[] }
    if (!answer.responses) throw new Error(JSON.stringify(answer))
    return answer.responses
  }
  const expectedOf = (question: string, field: Field, format: Format) =>
    exceptions.find(
      ({ questions, engine: only = engine, old, of }) =>
        questions.includes(question) &&
        only === engine &&
        (!old || process.env.FLOWFERRY_TEST_OLD) &&
        of(field, format),
    )?.outcome ?? 'same'

  /**
   * Stores the same files twice, in full as they all were before and as `storeSmall` does it, and asks both every question
   * about every name.
   */
  const compare = async (
    name: FormatName,
    storeSmall: (parser: FormatParser<unknown>, dataset: string, objects: readonly SourceObject[]) => Promise<void>,
  ) => {
    const parser: FormatParser<unknown> = await formats[name]()
    const { format } = parser
    const datasets = { small: `${format.dataset}.small${process.pid}`, whole: `${format.dataset}.whole${process.pid}` }
    const streams = { small: `logs-${datasets.small}-default`, whole: `logs-${datasets.whole}-default` }
    try {
      const objects = objectsOf(name, format)
      const whole = into(datasets.whole, parser.full)
      await setup(url, { formats: whole.formats })
      await store(whole, objects)
      await storeSmall(parser, datasets.small, objects)
      const { hits } = await search(streams.whole, {})
      expect((await search(streams.small, {})).hits).toHaveLength(hits.length)

      const documents = hits.map(({ _source }) => _source)
      const names = new Set([...elasticNames(format), ...Object.keys(format.aliases ?? {})])
      const asked = [...names].flatMap((path) => {
        const type = typeOf(format, path)
        if (type === undefined) return []
        const values = valuesAt(documents, path)
        expect(values, `no document has ${path}`).not.toEqual([])
        return questionsAbout(path, type, values.slice(0, 3)).flatMap((question) => {
          const expected = expectedOf(question.name, { name: path, type }, format)
          return expected === 'not asked' ? [] : [{ path, question, expected }]
        })
      })
      // The dataset is the one value that tells the two apart.
      const toSmall = <T>(value: T): T =>
        JSON.parse(JSON.stringify(value).replaceAll(datasets.whole.slice(1), datasets.small.slice(1)))
      const bodies = asked.map(({ question }) => question.body)
      const inSmall = await answersOf(streams.small, toSmall(bodies))
      const inWhole = toSmall(await answersOf(streams.whole, bodies))
      expect(
        asked.flatMap(({ path, question, expected }, index) => {
          const outcome = outcomeOf(question, inSmall[index]!, inWhole[index]!)
          return outcome === expected ? [] : [{ path, question: question.name, outcome, expected }]
        }),
      ).toEqual([])
    } finally {
      for (const stream of Object.values(streams)) await ask('DELETE', `/_data_stream/${stream}`)
      for (const dataset of Object.values(datasets)) await ask('DELETE', `/_index_template/flowferry-${dataset}`)
    }
  }

  test.each(Object.keys(formats) as FormatName[])('%s: each question about each name has the same answer', (name) =>
    compare(name, async (parser, dataset, objects) => {
      const small = into(dataset, parser)
      await setup(url, { formats: small.formats })
      await store(small, objects)
    }),
  )

  test.each(['vpc-flow', 'cloudfront'] as const)(
    '%s: so has a data stream with an index of before, of full documents, and one of today',
    (name) =>
      compare(name, async (parser, dataset, objects) => {
        const before = into(dataset, parser.full)
        await setup(url, { formats: before.formats })
        await store(before, objects.slice(0, 1))
        const today = into(dataset, parser)
        await setup(url, { formats: today.formats })
        await ask('POST', `/logs-${dataset}-default/_rollover`)
        await store(today, objects.slice(1))
      }),
  )

  test('until its rollover an index of before finds small documents by the names that they hold', async () => {
    const dataset = `aws.vpcflow.before${process.pid}`
    const stream = `logs-${dataset}-default`
    const [first, second] = objectsOf('vpc-flow', vpcFlow.format)
    const countOf = (field: string) => count(stream, { exists: { field } })
    try {
      await setup(url, { formats: into(dataset, vpcFlow.full).formats })
      await store(into(dataset, vpcFlow.full), [first!])
      const full = await countOf('source.address')
      expect(await setup(url, { formats: into(dataset, vpcFlow).formats })).toContainEqual({
        kind: 'mapping',
        name: stream,
        action: 'updated',
        note: expect.stringContaining(`POST /${stream}/_rollover`),
      })
      await store(into(dataset, vpcFlow), [second!])
      expect(await countOf('source.address')).toBe(full)
      expect(await countOf('source.ip')).toBeGreaterThan(full)
    } finally {
      await ask('DELETE', `/_data_stream/${stream}`)
      await ask('DELETE', `/_index_template/flowferry-${dataset}`)
    }
  })
})

function outcomeOf(question: Question, small: Answer, whole: Answer): Outcome {
  if (small.error && whole.error) return 'refused'
  if (small.error || whole.error) return 'differs'
  const said = saidBy(question, small)
  if (said !== saidBy(question, whole)) return 'differs'
  return said === undefined ? 'nothing' : 'same'
}
