import { delimited, format } from '@flowferry/core'
import { double, epochSeconds, ip, keyword, long } from '@flowferry/core/schema'

/** A proxy's log, five columns between tabs below a header: `time client host bytes took`. */
export const proxy = format({
  kind: 'proxy',
  dataset: 'custom.proxy',
  root: 'custom.proxy',
  constants: { 'event.kind': 'event', 'event.dataset': 'custom.proxy' },
  fields: {
    time: epochSeconds(['@timestamp'], 'When the answer ended.'),
    client: ip(['source.address', 'source.ip'], 'Who asked.'),
    host: keyword(['url.domain'], 'Host that was asked for.'),
    bytes: long(['http.response.bytes'], 'Bytes of the answer.'),
    took: double(['custom.proxy.took'], 'Seconds that it took.'),
  },
  derived: (derive) => [
    derive('event.outcome', ['bytes', 'took'], (bytes, took) => (bytes > 0 && took < 10 ? 'success' : 'failure')),
  ],
  encodings: [
    delimited({
      delimiter: '\t',
      header: (line) => (line.startsWith('#') ? 'skip' : line.startsWith('time\t') ? line.split('\t') : undefined),
    }),
  ],
})
