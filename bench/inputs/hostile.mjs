// Files that cost as much as they can: each is of one kind, and as large as it is told.

const indices = (count) => Array.from({ length: count }, (_, index) => index)
const event = (members) =>
  `{"Records":[{"eventVersion":"1.08","eventTime":"2026-01-01T00:00:00Z","eventSource":"s3.amazonaws.com","eventName":"X","eventID":"e1",${members}}]}`
const firewall = (members) =>
  `{"firewall_name":"f","availability_zone":"a","event_timestamp":"1700000000","event":{"timestamp":"2026-01-01T00:00:00.000000+0000","event_type":"alert",${members}}}`
const flow = ({ source = '10.0.0.2', more = '' }) =>
  `version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status\n2 123456789012 eni-1 ${source} 10.0.0.1 1 2 6 1 1 1700000000 1700000060 ACCEPT OK\n${more}`
const request = (agent, line = 'GET https://a:443/ HTTP/1.1', codes = '200') =>
  `https 2026-01-01T00:00:00.000000Z app/a/1 10.0.0.1:1 10.0.0.2:2 0.1 0.1 0.1 200 200 1 1 "${line}" "${agent}" TLS TLSv1.2 arn "r" "d" "c" 0 2026-01-01T00:00:00.000000Z "forward" "-" "-" "10.0.0.2:2" "${codes}" "-" "-"\n`
const viewer = (agent) => `#Version: 1.0\n#Fields: date time cs(User-Agent)\n2026-01-01\t00:00:00\t${agent}\n`
const filled = (unit, bytes) => unit.repeat(Math.max(1, Math.floor((bytes - 4096) / unit.length)))
/** A name that is another one for each number, and the same in snake case for all. */
const spelling = (number) =>
  indices(16)
    .map((bit) => {
      const letter = String.fromCharCode(0x61 + bit)
      return (number >> bit) & 1 ? `_${letter}` : letter.toUpperCase()
    })
    .join('')

/** `of` gives a file with one record of so many bytes, or of so many values. */
// biome-ignore format: a file a line
export const hostileFiles = [
  { name: 'unknown', what: 'members that no field knows', of: (_, n) => event(indices(n).map((i) => `"fooBar${i}Baz":1`)) },
  { name: 'same-name', what: 'unknown members that are one name in snake case', of: (_, n) => event(indices(n).map((i) => `"x${spelling(i)}":1`)) },
  { name: 'unknown-within', what: 'unknown members of a known object', of: (_, n) => event(`"tlsDetails":{${indices(n).map((i) => `"k${i}":1`)}}`) },
  { name: 'free-form', what: 'members of a free-form object', of: (b, n) => event(`"requestParameters":{${indices(n).map((i) => `"k${i}":"${'9'.repeat(Math.max(1, b / n - 20))}"`)}}`) },
  { name: 'free-form-text', what: 'a text in a free-form object', of: (b) => event(`"requestParameters":{"a":"${filled('\\u0041', b)}"}`) },
  { name: 'free-form-digits', what: 'a number of megabytes', of: (b) => event(`"requestParameters":{"a":${filled('1', b)}}`) },
  { name: 'list', what: 'objects in a list, of unknown members', of: (_, n) => event(`"resources":[${indices(n >> 1).map((i) => `{"a${i}":"a"}`)}]`) },
  { name: 'agent', what: 'an agent', of: (b) => event(`"userAgent":"${filled('é', b / 2)}"`) },
  { name: 'address', what: 'an address', of: (b) => event(`"sourceIPAddress":"${filled('1:', b)}"`) },
  { name: 'tls', what: 'a TLS version', of: (b) => event(`"tlsDetails":{"tlsVersion":"${filled('v', b)}"}`) },
  { name: 'alert', what: 'unknown members of a Network Firewall event', of: (_, n) => firewall(indices(n).map((i) => `"k${i}":1`)) },
  { name: 'alert-lists', what: 'lists of one item in its metadata', of: (_, n) => firewall(`"alert":{"metadata":{${indices(n >> 1).map((i) => `"k${i}":["a"]`)}}}`) },
  { name: 'small-records', what: 'records of 17 bytes', of: (b) => `{"Records":[${indices(b / 18).map(() => '{"eventName":"a"}')}]}` },
  { name: 'bad-records', what: 'elements that are no records', of: (b) => `{"Records":[{"eventName":"a"},${indices(b / 2).map(() => '1')}]}` },
  { name: 'flow-digits', what: 'digits for an address', of: (b) => flow({ source: filled('1', b) }) },
  { name: 'flow-points', what: 'points for an address', of: (b) => flow({ source: filled('1.', b) }) },
  { name: 'flow-letters', what: 'an address that is no ASCII', of: (b) => flow({ source: filled('é', b / 2) }) },
  { name: 'flow-values', what: 'a line of too many values', of: (b) => flow({ more: `${filled('1 ', b)}\n` }) },
  { name: 'flow-empty', what: 'empty lines', of: (b) => flow({ more: '\n'.repeat(b) }) },
  { name: 'flow-headers', what: 'a header before each record, of no time', of: (b) => 'version account-id srcaddr\n2 1 10.0.0.1\n'.repeat(b / 41) },
  { name: 'percent', what: 'an agent of percent signs', of: (b) => viewer(filled('%20', b)) },
  { name: 'half-percent', what: 'an agent of cut percent encodings', of: (b) => viewer(filled('%2', b)) },
  { name: 'quotes', what: 'escaped quotes', of: (b) => request('a') + request(filled('\\"', b)) },
  { name: 'open-quotes', what: 'quotes that nothing closes', of: (b) => request('a') + request(filled('"a ', b)) },
  { name: 'authority', what: 'colons in a URL', of: (b) => request('a') + request('a', `GET https://${filled('a:', b)}/ HTTP/1.1`) },
  { name: 'query', what: 'question marks and spaces in a request', of: (b) => request('a') + request('a', `GET ${filled('? ', b)}`) },
  { name: 'items', what: 'items of a list in a text', of: (b) => request('a') + request('a', undefined, filled('200 ', b)) },
]
