// The project's goals for speed, memory and size. `most` or `least` is the goal, `stretch` what would be better still.

const bench = 'npm run bench'

export const goals = [
  { id: 'vpc-flow', what: 'Flow logs v2, gz to bulk bytes', most: 1, stretch: 0.75, unit: 'CPU s per million', command: bench },
  { id: 'fallback', what: '… in plain JavaScript', most: 1.8, unit: 'CPU s per million', command: bench },
  { id: 'fallback, Node 24', what: '… in plain JavaScript on Node 24', most: 1.2, unit: 'CPU s per million', command: bench },
  { id: 'plain', what: '… cheaper than the plain loop', least: 15, unit: 'times', command: bench },
  { id: 'vrl', what: "… cheaper than Vector's language, 3.4 CPU s per million when measured on such a machine", least: 3, unit: 'times', command: bench },
  { id: 'sent', what: '… delivered over HTTP through the Elasticsearch client', most: 1.8, stretch: 1.4, unit: 'CPU s per million', command: bench },
  { id: 'cloudfront', what: 'CloudFront, gz to bulk bytes', most: 3, stretch: 1.8, unit: 'CPU s per million', command: bench },
  { id: 'cloudtrail', what: 'CloudTrail, a file of 550 MB, gz to bulk bytes', most: 10, stretch: 5.5, unit: 'CPU s per million', command: bench },
  { id: 'linear', what: '… its cost of a record against that of a file of 180 MB', most: 1.2, unit: 'times', command: bench },
  { id: 'filter', what: 'A filter of two fields against none', most: 2, unit: 'times', command: bench },
  { id: 'enrich', what: 'An enrichment from two fields against none', most: 2, unit: 'times', command: bench },
  { id: 'dropped', what: 'A filter that keeps nothing against none: no encoding', most: 1, unit: 'times', command: bench },
  { id: 'own', what: "A user's `lines()` parser against the loop by hand, same functions", most: 1.3, unit: 'times', command: bench },
  { id: 'size', what: 'The example Lambda, our own code', most: 60, unit: 'kB', command: bench },
  { id: 'import', what: "… its import, Node's own modules not counted", most: 15, unit: 'CPU ms', command: bench },
  { id: 'import with client', what: '… with the search client bundled', most: 90, unit: 'CPU ms', command: bench },
  { id: 'peak parsing', what: 'Peak memory of a process that parses 10 GB of flow logs, 5 GB of CloudTrail', most: 130, unit: 'MB', command: `${bench} -- memory` },
  { id: 'peak sending', what: '… that delivers them', most: 180, unit: 'MB', command: `${bench} -- memory` },
  { id: 'end to end', what: 'S3 to warm Elasticsearch against the same bodies preloaded', least: 0.95, unit: 'of the rate', command: `${bench} -- end-to-end` },
  { id: 'end to end, OpenSearch', what: '… OpenSearch', least: 0.95, unit: 'of the rate', command: `${bench} -- end-to-end` },
] // biome-ignore format: a table
