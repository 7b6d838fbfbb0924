import { lines } from '@flowferry/core'

type Fields = Record<'address' | 'time' | 'method' | 'path' | 'status' | 'bytes', string>
const pattern =
  /^(?<address>\S+) \S+ \S+ \[(?<time>[^\]]+)\] "(?<method>\S+) (?<path>\S+)[^"]*" (?<status>\d{3}) (?<bytes>\d+)/

export const nginx = lines({
  kind: 'nginx',
  dataset: 'nginx.access',
  record: (line) => pattern.exec(line)?.groups as Fields | undefined,
  document: ({ address, time, method, path, status, bytes }) => ({
    '@timestamp': new Date(time.replace(/\//g, ' ').replace(':', ' ')).toISOString(),
    source: { address },
    http: { request: { method }, response: { status_code: Number(status), bytes: Number(bytes) } },
    url: { path },
  }),
})
