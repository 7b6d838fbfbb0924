import { describe, expect, it } from 'vitest'
import { noSettings, withFrom, withStore } from './settings.ts'

const names = ['url', 'index', 'indexPer', 'documents', 'op', 'gzip'] as const
const store = { to: 'elasticsearch', url: 'https://es:9200', indexPer: 'day', documents: 'full', op: 'index' } as const
const settings = { ...noSettings, store }

describe('withStore', () => {
  it('gives the options of the config, unless the command line has them', () => {
    expect(withStore({}, settings, 'to', names)).toEqual(store)
    expect(withStore({ url: 'http://mine:9200', documents: 'small' }, settings, 'to', names)).toEqual({
      ...store,
      url: 'http://mine:9200',
      documents: 'small',
    })
    expect(withStore({ to: 'elasticsearch' }, settings, 'to', names)).toEqual(store)
  })

  it('gives those alone that the command has', () => {
    expect(withStore({}, settings, 'to', ['url', 'documents'])).toEqual({
      to: 'elasticsearch',
      url: 'https://es:9200',
      documents: 'full',
    })
    expect(withStore({}, settings, undefined, ['documents'])).toEqual({ documents: 'full' })
  })

  it('gives nothing of another store than the command line names', () => {
    expect(withStore({ to: 'opensearch' }, settings, 'to', names)).toEqual({ to: 'opensearch' })
    expect(withStore({ to: 'duckdb:x.db' }, settings, 'to', names)).toEqual({ to: 'duckdb:x.db' })
  })

  it('gives no second place where the command line names one', () => {
    expect(withStore({ index: 'mine' }, settings, 'to', names)).not.toHaveProperty('indexPer')
    const ofIndex = { ...noSettings, store: { to: 'opensearch', index: 'mine' } as const }
    expect(withStore({ indexPer: 'month' as const }, ofIndex, 'to', names)).toEqual({
      to: 'opensearch',
      indexPer: 'month',
    })
  })
})

describe('withFrom', () => {
  it("asks the config's store, and says what is missing where there is none", () => {
    expect(withFrom({}, settings)).toEqual({ from: 'elasticsearch', url: 'https://es:9200', indexPer: 'day' })
    expect(withFrom({ index: 'mine' }, settings)).not.toHaveProperty('indexPer')
    expect(withFrom({ from: 's3://logs' }, settings)).toEqual({ from: 's3://logs' })
    expect(withFrom({ from: 'duckdb:x.db' }, settings)).toEqual({ from: 'duckdb:x.db' })
    expect(() => withFrom({}, noSettings)).toThrow('Say where the logs are: --from')
  })
})
