import { describe, expect, test } from 'vitest'
import { epochSeconds, ip, keyword, long } from '../../schema/fields.ts'
import { flat, freeForm } from '../../schema/objects.ts'
import {
  kindAddress,
  kindDigits,
  kindFlat,
  kindFreeForm,
  kindInput,
  kindObject,
  kindObjects,
  kindPlain,
  kindSeconds,
  kindText,
  kindUnknown,
  maxUnknown,
  maxUnknownName,
} from './engine/map.ts'
import { isPlace, type Place, placesOf, snakePath } from './places.ts'
import { treeOf } from './tree.ts'

type Parts = Parameters<typeof treeOf>[0]
const places = (fields: Parts['fields'], options: Partial<Parameters<typeof placesOf>[1]> = {}) =>
  placesOf(treeOf({ fields, cases: [], derived: [] }), {
    id: [],
    tells: () => false,
    refused: [],
    cases: [],
    ...options,
  })
const at = ({ all }: { readonly all: readonly unknown[] }, path: string) =>
  (all as Place[]).find((place) => isPlace(place) && place.path === path)

describe('a place', () => {
  const fields = {
    'who.name': keyword([], ''),
    'who.ip': ip(['source.ip'], ''),
    count: long(['source.bytes'], '', { spelled: ['Count'] }),
    at: epochSeconds(['@timestamp'], ''),
    tags: flat('labels.tags', ''),
    more: freeForm('labels.more', 'labels.flat', ''),
    'more.inner': keyword([], ''),
    'list[].name': keyword(['labels.list[]'], ''),
    'list[].id': keyword(['labels.ids[]'], ''),
    'deep[].a.b': keyword(['labels.deep[]'], ''),
  }

  test.each([
    ['who', kindObject],
    ['who.name', kindText],
    ['who.ip', kindAddress],
    ['count', kindDigits],
    ['Count', kindDigits],
    ['at', kindSeconds],
    ['tags', kindFlat],
    ['more', kindFreeForm],
    ['list', kindObjects],
    ['deep', kindPlain],
  ])('%s takes what its field does', (path, kind) => {
    expect(at(places(fields), path)).toMatchObject({ kind })
  })

  test('has each spelling, and the node of the field', () => {
    const all = places(fields)
    expect(at(all, 'Count')!.node).toBe(at(all, 'count')!.node)
    expect(at(all, 'Count')!.number).not.toBe(at(all, 'count')!.number)
  })

  test('is known by its number', () => {
    const { all } = places(fields, { cases: [{ field: 'who.name', value: 'me' }] })
    expect(all.map(({ number }) => number)).toEqual(all.map((_, index) => index))
    expect(all.at(-1)).toEqual({ number: all.length - 1, field: 'who.name', value: 'me' })
  })

  test('of an id has its rank, from 1', () => {
    const all = places(fields, { id: ['who.name', 'count'], tells: (name) => name === 'who' })
    expect(['who.name', 'count', 'at'].map((path) => at(all, path)!.id)).toEqual([1, 2, 0])
    expect(['who', 'who.name', 'at'].map((path) => at(all, path)!.tells)).toEqual([true, false, false])
    expect(['who', 'who.name', 'tags'].map((path) => at(all, path)!.noted)).toEqual([true, false, false])
  })

  test('whose value says which case holds is a text, or for the plain path', () => {
    const cases = [
      { field: 'count', value: '1' },
      { field: 'who.name', value: 'me' },
    ]
    const all = places(fields, { cases })
    expect([at(all, 'count')!.kind, at(all, 'who.name')!.kind]).toEqual([kindPlain, kindText])
  })

  test('of a member that no record has is for the plain path', () => {
    const all = places(fields, { refused: ['Records', 'count'] })
    expect(at(all, 'Records')!.kind).toBe(kindPlain)
    expect(at(all, 'count')!.kind).toBe(kindDigits)
  })

  test('that only a derived value reads, inside an object, is its input', () => {
    const derived = [{ inputs: ['more.said'], targets: [], compute: () => undefined }] as unknown as Parts['derived']
    const root = treeOf({ fields, cases: [], derived })
    const all = placesOf(root, { id: [], tells: () => false, refused: [], cases: [] })
    expect(at(all, 'more.said')!.kind).toBe(kindInput)
  })
})

describe('a member that the table does not know', () => {
  const all = places({ 'a.known': keyword([], ''), eventName: keyword([], '') })
  const inA = at(all, 'a')!

  test('is learned once its name is regular, and forgotten', () => {
    const place = all.learn(all.root, 'newField')!
    expect(place).toMatchObject({ kind: kindUnknown, path: 'newField', members: [] })
    expect(all.learn(inA, 'newField')).toMatchObject({ path: 'a.newField' })
    expect(snakePath(place)).toEqual(['new_field'])
    expect(all.learned()).toHaveLength(2)
    all.forget()
    expect(all.learned()).toEqual([])
    expect(all.all.at(-1)).not.toBe(place)
  })

  test.each([
    ['1', 'is a number, and numbers come first in an object'],
    ['é', 'is not ASCII'],
    ['a.b', 'has a point'],
    ['kind', "is a record's own"],
    ['EventName', 'is the name of a field in snake case'],
    ['x'.repeat(maxUnknownName + 1), 'is too long'],
  ])('is left to the plain path where it %#: %s', (name) => {
    expect(all.learn(all.root, name)).toBeUndefined()
  })

  test('is left to the plain path where another has its name in snake case, and above the most', () => {
    expect(all.learn(all.root, 'fooBar')).toBeDefined()
    expect(all.learn(all.root, 'foo_bar')).toBeUndefined()
    expect(all.learn(inA, 'foo_bar')).toBeDefined()
    for (let number = 2; number < maxUnknown; number++) expect(all.learn(all.root, `more${number}`)).toBeDefined()
    expect(all.learn(all.root, 'oneMore')).toBeUndefined()
    all.forget()
    expect(all.learn(all.root, 'oneMore')).toBeDefined()
  })
})
