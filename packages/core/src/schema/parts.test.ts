import { describe, expect, test } from 'vitest'
import { kindOf } from './fields.ts'
import { addressPort, extensionOf, partAt, requestLine, splitAddressPort, splitRequest } from './parts.ts'
import { typed } from './targets.ts'

describe('an address with a port', () => {
  test.each<[string, object]>([
    ['192.168.131.39:2817', { address: '192.168.131.39', port: '2817' }],
    ['[2001:db8::1f]:443', { address: '2001:db8::1f', port: '443' }],
    ['2001:db8::1:443', { address: '2001:db8::1', port: '443' }],
    ['2001:db8::1', { address: '2001:db8::1' }],
    ['[2001:db8::1]', { address: '2001:db8::1' }],
    ['192.0.2.1', { address: '192.0.2.1' }],
    ['192.0.2.1:', { address: '192.0.2.1' }],
    ['192.0.2.1:-', { address: '192.0.2.1' }],
    ['-:80', { port: '80' }],
    ['-', {}],
    ['arn:aws:lambda:eu-central-1:1:function:f', { address: 'arn:aws:lambda:eu-central-1:1:function:f' }],
    ['host:name', { address: 'host:name' }],
    ['[2001:db8::1', { address: '[2001:db8::1' }],
  ])('%s', (text, parts) => expect(splitAddressPort(text)).toEqual(parts))

  test('is text in the record, and what its targets take in the document', () => {
    const field = addressPort([typed('aws.t.ip', 'keyword'), 'source.ip'], ['source.port', 'aws.t.port'], '')
    expect(field.read('10.0.0.1:080')).toBe('10.0.0.1:080')
    expect(field.write('10.0.0.1:080', 'ip', 'source.ip')).toBe('10.0.0.1')
    expect(field.write('x:080', 'ip', 'source.ip')).toBeUndefined()
    expect(field.write('x:080', 'keyword', 'aws.t.ip')).toBe('x')
    expect(field.write('x:080', 'long', 'source.port')).toBe(80)
    expect(field.write('x', 'long', 'source.port')).toBeUndefined()
    expect(field.targets.at(-1)).toEqual({ target: 'aws.t.port', mapping: { type: 'long' } })
    expect([kindOf(field), partAt(field, 'source.port')]).toEqual(['addressPort', 'port'])
    expect(kindOf({ ...field, write: () => '' })).toBeUndefined()
  })
})

describe('a request line', () => {
  test.each<[string, object]>([
    [
      'GET https://www.example.com:443/a?b=c HTTP/1.1',
      {
        ...{ method: 'GET', version: '1.1', url: 'https://www.example.com:443/a?b=c', scheme: 'https' },
        ...{ domain: 'www.example.com', name: 'www.example.com', port: '443', path: '/a', query: 'b=c' },
      },
    ],
    [
      'GET /bucket/key?x HTTP/1.1',
      { method: 'GET', version: '1.1', url: '/bucket/key?x', path: '/bucket/key', query: 'x' },
    ],
    ['- http://host:80- -', { url: 'http://host:80-', scheme: 'http', domain: 'host', name: 'host', port: '80' }],
    ['- - - ', {}],
    ['-', {}],
    [
      'GET http://192.0.2.80/run?a=b c d HTTP/1.1',
      {
        ...{ method: 'GET', version: '1.1', url: 'http://192.0.2.80/run?a=b c d', scheme: 'http' },
        ...{ domain: '192.0.2.80', path: '/run', query: 'a=b c d' },
      },
    ],
    [
      'GET http://[::1]:8080/ HTTP/2.0',
      {
        ...{ method: 'GET', version: '2.0', url: 'http://[::1]:8080/', scheme: 'http', domain: '[::1]' },
        ...{ port: '8080', path: '/' },
      },
    ],
    ['GET /a b', { method: 'GET', url: '/a b', path: '/a b' }],
    ['GET /a', { method: 'GET', url: '/a', path: '/a' }],
    ['CONNECT host:443 HTTP/1.1', { method: 'CONNECT', version: '1.1', url: 'host:443' }],
    ['OPTIONS * HTTP/1.1', { method: 'OPTIONS', version: '1.1', url: '*' }],
    [
      'GET https://user:pw@host/? HTTP/1.1',
      {
        ...{ method: 'GET', version: '1.1', url: 'https://user:pw@host/?', scheme: 'https' },
        ...{ domain: 'host', name: 'host', path: '/' },
      },
    ],
    [
      'GET /a.d/b.tar.gz?c=d.html HTTP/1.1',
      {
        ...{ method: 'GET', version: '1.1', url: '/a.d/b.tar.gz?c=d.html', path: '/a.d/b.tar.gz', extension: 'gz' },
        query: 'c=d.html',
      },
    ],
    ['nonsense', { url: 'nonsense' }],
  ])('%s', (text, parts) => expect(splitRequest(text)).toEqual(parts))

  test('gives each target its part', () => {
    const field = requestLine({ method: ['http.request.method'], name: ['related.hosts[]'], port: ['url.port'] }, '')
    const line = 'GET http://www.example.com:8080/ HTTP/1.1'
    expect(field.write(line, 'keyword', 'http.request.method')).toBe('GET')
    expect(field.write(line, 'keyword', 'related.hosts')).toBe('www.example.com')
    expect(field.write(line, 'long', 'url.port')).toBe(8080)
  })
})

describe('the extension of a path', () => {
  test.each([
    ['/index.html', 'html'],
    ['/a.tar.GZ', 'GZ'],
    ['/song.mp3', 'mp3'],
    ['/a.7z', '7z'],
    ['/.env', 'env'],
    ['/a.html5', 'html5'],
    ['/a.aaaaaaaaaaaaaaaa', 'aaaaaaaaaaaaaaaa'],
  ])('%s', (path, extension) => expect(extensionOf(path)).toBe(extension))

  test.each([
    '/',
    '',
    '/a',
    '/v1.2',
    '/a.',
    '/a.b/c',
    '/a.html ',
    '/a.b-c',
    '/a.é',
    '/a.php%20',
    '/a.aaaaaaaaaaaaaaaaa',
  ])('%j has none', (path) => expect(extensionOf(path)).toBeUndefined())
})
