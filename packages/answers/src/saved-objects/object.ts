/**
 * An object as Kibana 7.10 and OpenSearch Dashboards save it: the form that both import, newer versions of Kibana, too.
 * https://github.com/opensearch-project/OpenSearch-Dashboards/tree/main/src/core/server/saved_objects
 */
export interface SavedObject {
  readonly id: string
  readonly type: 'index-pattern' | 'visualization' | 'search' | 'dashboard'
  readonly attributes: Readonly<Record<string, unknown>>
  readonly references: readonly Reference[]
  /** The newest that both know: an object of a later version is refused, one of none is taken for ancient. */
  readonly migrationVersion: Readonly<Record<string, string>>
}

export interface Reference {
  readonly name: string
  readonly type: SavedObject['type']
  readonly id: string
}

const versions: Readonly<Record<SavedObject['type'], string>> = {
  'index-pattern': '7.6.0',
  visualization: '7.10.0',
  search: '7.9.3',
  dashboard: '7.9.3',
}

/** An id says what it is of, so that importing again replaces the same object. */
const idOf = (type: SavedObject['type'], name: string): string => `flowferry-${type}-${name}`

export function savedObject(
  type: SavedObject['type'],
  name: string,
  attributes: SavedObject['attributes'],
  references: readonly Reference[] = [],
): SavedObject {
  return { id: idOf(type, name), type, attributes, references, migrationVersion: { [type]: versions[type] } }
}

const indexReference = 'kibanaSavedObjectMeta.searchSourceJSON.index'

/**
 * What a visualization or search asks of an index pattern, and the references that it needs. Its query is one filter, named
 * for people.
 */
export function searchSource(
  pattern: string,
  filter: { readonly name: string; readonly query: object } | undefined,
): { readonly meta: { readonly searchSourceJSON: string }; readonly references: readonly Reference[] } {
  const filterReference = 'kibanaSavedObjectMeta.searchSourceJSON.filter[0].meta.index'
  const source = {
    query: { query: '', language: 'kuery' },
    filter: filter
      ? [
          {
            $state: { store: 'appState' },
            meta: {
              alias: filter.name,
              disabled: false,
              negate: false,
              type: 'custom',
              key: 'query',
              value: JSON.stringify(filter.query),
              indexRefName: filterReference,
            },
            query: filter.query,
          },
        ]
      : [],
    indexRefName: indexReference,
  }
  const to = (name: string): Reference => ({ name, type: 'index-pattern', id: pattern })
  return {
    meta: { searchSourceJSON: JSON.stringify(source) },
    references: [to(indexReference), ...(filter ? [to(filterReference)] : [])],
  }
}
