import { Client as Elasticsearch } from '@elastic/elasticsearch'
import type { Format, Sink } from '@flowferry/core'
import { cloudFront } from '@flowferry/core/formats/cloudfront'
import { cloudTrail } from '@flowferry/core/formats/cloudtrail'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import type { BulkOptions, SetupChange, SetupOptions } from '@flowferry/search'
import { elasticsearch, setup as setupElasticsearch } from '@flowferry/sink-elasticsearch'
import { opensearch, setup as setupOpenSearch } from '@flowferry/sink-opensearch'
import { Client as OpenSearch } from '@opensearch-project/opensearch'
import { Client as Elasticsearch8 } from 'elasticsearch-8'
import type { EngineName } from './search.ts'

export interface EngineUnderTest {
  readonly name: EngineName
  readonly setup: (node: string, options: SetupOptions) => Promise<SetupChange[]>
  readonly sink: (node: string, options?: BulkOptions) => Sink<unknown>
}

/**
 * The client of Elasticsearch: version 9 talks to server 9 alone, and version 8 to 8 (`scripts/ci/old.sh`). The sink uses
 * what both have.
 */
const createElasticsearch = (node: string): Elasticsearch =>
  process.env.FLOWFERRY_TEST_OLD
    ? (new Elasticsearch8({ node }) as unknown as Elasticsearch)
    : new Elasticsearch({ node })

/** Both search engines behind one shape, so that each test runs on both. */
export const engines: readonly EngineUnderTest[] = [
  {
    name: 'elasticsearch',
    setup: (node, options) => setupElasticsearch(createElasticsearch(node), options),
    sink: (node, options) => elasticsearch({ client: createElasticsearch(node), ...options }),
  },
  {
    name: 'opensearch',
    setup: (node, options) => setupOpenSearch(new OpenSearch({ node }), options),
    sink: (node, options) => opensearch({ client: new OpenSearch({ node }), ...options }),
  },
]

export const formats: readonly Format[] = [vpcFlow, cloudTrail, cloudFront].flatMap((parser) => parser.formats)
