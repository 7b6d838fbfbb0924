import { failed } from '../questions/cdn.ts'
import { type Dashboard, panelsOf } from './panel.ts'

const { number, timeline, bars, table } = panelsOf('aws.cloudfront_logs')

const requests = { heading: 'requests', of: { count: true } } as const
const bytes = { heading: 'bytes', unit: 'bytes', of: { sum: 'http.response.bytes' } } as const
const last = { heading: 'last', unit: 'time', of: { max: '@timestamp' } } as const
const every = 'All requests that CloudFront logged.'

/** CloudFront standard logs. */
export const cdn: Dashboard = {
  name: 'cdn',
  title: 'CDN: CloudFront',
  panels: [
    number({
      name: 'cdn-requests',
      title: 'Requests',
      know: every,
      measures: { requests, bytes, viewers: { heading: 'viewers', of: { cardinality: 'source.ip' } } },
    }),
    timeline({
      name: 'requests-by-result',
      title: 'Requests by result',
      know: 'Hit and RefreshHit are answered from the cache.',
      groups: { 'aws.cloudfront.edge_result_type': { heading: 'result' } },
      measures: { requests },
    }),
    timeline({ name: 'cdn-bytes', title: 'Bytes to viewers', know: every, measures: { bytes } }),
    timeline({
      name: 'first-byte',
      title: 'Seconds to the first byte',
      know: every,
      measures: {
        p50: {
          heading: 'half within',
          unit: 'seconds',
          of: { percentile: 'aws.cloudfront.time_to_first_byte', percent: 50 },
        },
        p95: {
          heading: '95 % within',
          unit: 'seconds',
          of: { percentile: 'aws.cloudfront.time_to_first_byte', percent: 95 },
        },
      },
    }),
    bars({
      name: 'requests-by-status',
      title: 'Requests by status',
      know: '0: the viewer closed the connection before the answer.',
      groups: { 'http.response.status_code': { heading: 'status', unit: 'code' } },
      measures: { requests },
    }),
    table({
      name: 'failing-paths',
      title: 'Paths that answer 500 and above',
      know: 'By the edge that answered, too, since an edge may fail alone.',
      filters: [failed],
      groups: {
        'url.path': { heading: 'path' },
        'http.response.status_code': { heading: 'status', unit: 'code' },
        'aws.cloudfront.edge_detailed_result_type': { heading: 'why' },
        'aws.cloudfront.edge_location': { heading: 'edge' },
      },
      measures: { requests, last },
    }),
    table({
      name: 'cdn-paths',
      title: 'Paths by bytes',
      know: every,
      groups: { 'aws.cloudfront.domain': { heading: 'distribution' }, 'url.path': { heading: 'path' } },
      measures: { bytes, requests },
    }),
    table({
      name: 'viewers',
      title: 'Viewers by requests',
      know: every,
      groups: { 'source.ip': { heading: 'viewer' } },
      measures: { requests, bytes, last },
    }),
    bars({
      name: 'user-agents',
      title: 'Agents by requests',
      know: every,
      groups: { 'user_agent.original': { heading: 'agent' } },
      measures: { requests },
    }),
  ],
  recordFields: [
    'source.ip',
    'http.request.method',
    'url.domain',
    'url.path',
    'http.response.status_code',
    'aws.cloudfront.edge_detailed_result_type',
    'http.response.bytes',
    'aws.cloudfront.time_to_first_byte',
  ],
}
