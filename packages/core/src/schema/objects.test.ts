import { describe, expect, test } from 'vitest'
import { compare } from '../encodings/json/compare.suite.ts'
import { json } from '../encodings/json/json.ts'
import { collect, memoryObject } from '../testing/index.ts'
import { keyword } from './fields.ts'
import { format } from './format.ts'
import { pairs } from './objects.ts'

const parser = format({
  kind: 'request',
  dataset: 'custom.request',
  root: 'custom.request',
  constants: {},
  fields: {
    host: keyword(['custom.request.host'], 'Host.'),
    headers: pairs('custom.request.headers', 'Headers.', {
      pick: { 'user-agent': 'user_agent.original', host: { domain: ['url.domain'], port: ['url.port'] } },
    }),
  },
  encodings: [json()],
})

describe('pairs', () => {
  const documentOf = async (headers: string) => {
    const body = Buffer.from(`{"host":"h","headers":${headers}}`)
    const { documents } = await collect(parser, memoryObject({ key: 'f.json', body }))
    const { fast } = await compare(body, 65_536, parser)
    return { document: documents[0], fast }
  }

  test('are one object, some of them in targets of their own', async () => {
    expect(await documentOf('[{"name":"User-Agent","value":"a"},{"value":"x","name":"B"}]')).toEqual({
      document: {
        custom: { request: { host: 'h', headers: { 'User-Agent': 'a', B: 'x' } } },
        user_agent: { original: 'a' },
      },
      fast: 1,
    })
  })

  test('of one name are a list, and those without a value are left out', async () => {
    const twice = '{"name":"User-Agent","value":"a"},{"name":"user-agent","value":"b"},{"name":"B","value":"x"}'
    const empty = '{"name":"B","value":"y"},{"name":"C","value":""},{"name":"D","value":null},{},{"name":null}'
    expect(await documentOf(`[${twice},${empty}]`)).toEqual({
      document: {
        custom: { request: { host: 'h', headers: { 'User-Agent': 'a', 'user-agent': 'b', B: ['x', 'y'] } } },
        user_agent: { original: ['a', 'b'] },
      },
      fast: 0,
    })
  })

  test.each([
    ['example.com', { domain: 'example.com' }, 1],
    ['example.com:8443', { domain: 'example.com', port: 8443 }, 0],
    ['[2001:db8::1]:443', { domain: '[2001:db8::1]', port: 443 }, 0],
    ['[2001:db8::1]', { domain: '[2001:db8::1]' }, 0],
    ['2001:db8::1', { domain: '2001:db8::1' }, 0],
    [':443', { domain: ':443' }, 0],
    ['example.com:https', { domain: 'example.com:https' }, 0],
  ])('have the host %s in its parts', async (host, url, fast) => {
    expect(await documentOf(JSON.stringify([{ name: 'Host', value: host }]))).toEqual({
      document: { url, custom: { request: { host: 'h', headers: { Host: host } } } },
      fast,
    })
  })

  test.each([
    [{ name: 'A', myValue: 'y' }],
    [{ name: 'A' }],
    [{ name: 'A', value: 'y', more: 'z' }],
    [
      { name: 'A', value: '', more: 'z' },
      { name: 'A', more: 'z' },
    ],
    [
      { name: 'A', value: null, more: 'z' },
      { name: 'A', more: 'z' },
    ],
    [{ name: 'A', value: 7 }],
    [{ name: 7, value: '' }, { name: 7 }],
    [{ value: 'y' }],
    [{ name: '', value: 'y' }, { value: 'y' }],
  ])('beside %j are kept with what is unknown, and so is it', async (item, kept: object = item) => {
    const readable = { name: 'B', value: 'x' }
    for (const [list, unknown] of [
      [
        [item, readable],
        [kept, readable],
      ],
      [
        [readable, item],
        [readable, kept],
      ],
    ])
      expect(await documentOf(JSON.stringify(list))).toEqual({
        document: { custom: { request: { host: 'h', unknown: { headers: unknown } } } },
        fast: 0,
      })
  })
})
