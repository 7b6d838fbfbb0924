import { Client as Elasticsearch } from '@elastic/elasticsearch'
import type { BulkOptions, Format, SetupChange, SetupOptions, Sink } from '@flowferry/core'
import { cloudFront } from '@flowferry/core/formats/cloudfront'
import { cloudTrail } from '@flowferry/core/formats/cloudtrail'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { elasticsearch, setup as setupElasticsearch } from '@flowferry/sink-elasticsearch'
import { opensearch, setup as setupOpenSearch } from '@flowferry/sink-opensearch'
import { Client as OpenSearch } from '@opensearch-project/opensearch'
import type { EngineName } from './search.ts'

export interface EngineUnderTest {
  readonly name: EngineName
  readonly setup: (node: string, options: SetupOptions) => Promise<SetupChange[]>
  readonly sink: (node: string, options?: BulkOptions) => Sink<unknown>
}

/** Both search engines behind one shape, so that each test runs on both. */
export const engines: readonly EngineUnderTest[] = [
  {
    name: 'elasticsearch',
    setup: (node, options) => setupElasticsearch(new Elasticsearch({ node }), options),
    sink: (node, options) => elasticsearch({ client: new Elasticsearch({ node }), ...options }),
  },
  {
    name: 'opensearch',
    setup: (node, options) => setupOpenSearch(new OpenSearch({ node }), options),
    sink: (node, options) => opensearch({ client: new OpenSearch({ node }), ...options }),
  },
]

export const formats: readonly Format[] = [vpcFlow, cloudTrail, cloudFront].flatMap((parser) => parser.formats)
