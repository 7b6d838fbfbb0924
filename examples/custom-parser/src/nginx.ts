import { lines } from '@flowferry/core'

type Fields = Record<'address' | 'time' | 'method' | 'path' | 'status' | 'bytes', string>
const pattern =
  /^(?<address>\S+) \S+ \S+ \[(?<time>[^\]]+)\] "(?<method>\S+) (?<path>\S+)[^"]*" (?<status>\d{3}) (?<bytes>\d+)/

export const nginx = lines({
  kind: 'nginx',
  dataset: 'nginx.access',
  record: (line) => {
    const fields = pattern.exec(line)?.groups as Fields | undefined
    const time = Date.parse(fields?.time.replace(/\//g, ' ').replace(':', ' ') ?? '')
    return fields && !Number.isNaN(time) ? { ...fields, time: new Date(time).toISOString() } : undefined
  },
  document: ({ address, time, method, path, status, bytes }) => ({
    '@timestamp': time,
    source: { address },
    http: { request: { method }, response: { status_code: Number(status), bytes: Number(bytes) } },
    url: { path },
  }),
})
