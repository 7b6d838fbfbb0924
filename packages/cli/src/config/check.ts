import { dirname, resolve } from 'node:path'
import type { Parser } from '@flowferry/core'
import { hasMethods, isIt, isObject } from '@flowferry/core/internal'
import { UsageError } from '../io.ts'
import type { AlertsConfig } from './alerts.ts'
import type { Config, OwnFormats, StoreConfig } from './config.ts'
import type { Settings } from './settings.ts'

/**
 * The settings that a config's default export gives.
 *
 * @throws UsageError with the file's name, the member, and what it takes
 */
export function checked(config: unknown, file: string): Settings {
  const refuse = (what: string): never => {
    throw new UsageError(`${file}: ${what}`)
  }
  requireMembers(config, ['formats', 'enrichments', 'store', 'filter', 'alerts'], 'the default export', refuse)
  const { formats = {}, enrichments = [], store, filter, alerts } = config as Config
  checkFormats(formats, refuse)
  if (!Array.isArray(enrichments)) refuse('enrichments takes a list')
  for (const [index, one] of enrichments.entries())
    if (!isObject(one) || typeof one.name !== 'string' || !hasMethods(one, 'derived'))
      refuse(`enrichments[${index}] is none: it takes { name, derived }, as cidr() and geoip() give it`)
  if (filter !== undefined && typeof filter !== 'function')
    refuse('filter takes a function from a record to true or false')
  if (store !== undefined) checkStore(store, refuse)
  if (alerts !== undefined) checkAlerts(alerts, refuse)
  return {
    file,
    formats,
    enrichments,
    ...(filter && { filter: filter as NonNullable<Settings['filter']> }),
    ...(store && { store: besideConfig(store, file) }),
    ...(alerts && { alerts }),
  }
}

type Refuse = (what: string) => never

function requireMembers(value: unknown, known: readonly string[], what: string, refuse: Refuse): void {
  if (!isObject(value) || Array.isArray(value)) refuse(`${what} takes an object: { ${known.join(', ')} }`)
  for (const name of Object.keys(value as object))
    if (!known.includes(name))
      refuse(`${what} has no "${name}"${isIt(name, known) || `: it takes ${known.join(', ')}`}`)
}

function checkFormats(formats: OwnFormats, refuse: Refuse): void {
  if (!isObject(formats) || Array.isArray(formats)) refuse('formats takes an object, parsers by their names: { nginx }')
  for (const [name, parser] of Object.entries(formats)) {
    if (!/^[\w.-]+$/.test(name)) refuse(`formats has the name "${name}"; it takes letters, digits, _, . and -`)
    if (name === 'rejected') refuse('formats has "rejected", which is the name of documents that a store refused')
    if (!isParser(parser)) refuse(`formats.${name} is no parser, as format() or lines() gives it`)
  }
}

const isParser = (value: unknown): value is Parser<unknown> =>
  hasMethods(value, 'parse', 'claims') && Array.isArray((value as { readonly formats?: unknown }).formats)

/** What they name is checked where alerts are loaded, which takes other commands too long. */
function checkAlerts(alerts: AlertsConfig, refuse: Refuse): void {
  requireMembers(alerts, ['add', 'off', 'thresholds', 'except'], 'alerts', refuse)
  const { add = [], off = [], thresholds = {}, except = {} } = alerts
  if (!Array.isArray(add)) refuse('alerts.add takes a list, of what defineAlert() gives')
  if (!Array.isArray(off) || !off.every((name) => typeof name === 'string')) refuse('alerts.off takes a list of names')
  if (!isObject(thresholds) || Array.isArray(thresholds)) refuse('alerts.thresholds takes numbers by names of alerts')
  if (!isObject(except) || !Object.values(except).every(Array.isArray))
    refuse("alerts.except takes lists of filters by names of alerts: { 'port-scan': [{ field, cidr }] }")
}

const words: Readonly<Record<string, readonly unknown[]>> = {
  indexPer: ['day', 'month'],
  documents: ['small', 'full'],
  op: ['create', 'index'],
  gzip: [true, false],
  auth: ['sigv4'],
}
const ofCluster = ['url', 'cloudId', 'auth', 'index', 'indexPer', 'op', 'gzip'] as const

function checkStore(store: StoreConfig, refuse: Refuse): void {
  requireMembers(store, ['to', 'documents', ...ofCluster], 'store', refuse)
  const { to, url, cloudId, auth, index, indexPer, op } = store
  if (typeof to !== 'string' || !/^(?:elasticsearch|opensearch|duckdb:.+)$/s.test(to))
    refuse('store.to takes elasticsearch, opensearch or duckdb:FILE')
  for (const [name, values] of Object.entries(words)) {
    const value = store[name as keyof StoreConfig]
    if (value !== undefined && !values.includes(value)) refuse(`store.${name} takes ${values.join(' or ')}`)
  }
  for (const [name, value] of Object.entries({ url, cloudId, index }))
    if (value !== undefined && (typeof value !== 'string' || value === '')) refuse(`store.${name} takes text`)
  const other = ofCluster.find((name) => store[name] !== undefined)
  if (to.startsWith('duckdb:') && other !== undefined) refuse(`store.${other} does not go with duckdb`)
  if (index !== undefined && indexPer !== undefined) refuse('store.index and store.indexPer are two ways; choose one')
  if (op === 'index' && index === undefined && indexPer === undefined)
    refuse("store.op 'index' needs indexPer or index: data streams overwrite nothing")
  if (cloudId !== undefined && to !== 'elasticsearch') refuse('store.cloudId goes with elasticsearch')
  if (auth !== undefined && to !== 'opensearch') refuse("store.auth 'sigv4' goes with opensearch")
  if (cloudId !== undefined && url !== undefined) refuse('store.url and store.cloudId are two ways; choose one')
  if (url === undefined) return
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (!parsed || !/^https?:$/.test(parsed.protocol)) refuse('store.url is no URL: it takes https://host:9200')
  if (parsed && parsed.username + parsed.password !== '')
    refuse('store.url must hold no password: a config is kept with code. Set it in the environment')
}

/** A config is found from any folder below it, and its database is to be the same from each. */
function besideConfig(store: StoreConfig, file: string): StoreConfig {
  const path = store.to.startsWith('duckdb:') ? store.to.slice('duckdb:'.length) : undefined
  return path === undefined || path.startsWith(':') ? store : { ...store, to: `duckdb:${resolve(dirname(file), path)}` }
}
