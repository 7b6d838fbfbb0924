/** Rows of the questions of every day, made by hand from the documents: none of the code of a question is used. */
import type { DailyOptions, Row } from '@flowferry/answers'
import type { Format, LogDocument } from '@flowferry/core'
import { valueAt } from '../src/documents.ts'
import { type Documents, type sampleOf, today } from './sample.ts'

export interface DailyCase {
  readonly name: string
  readonly options?: DailyOptions
  readonly expected: (documents: Documents) => Row[]
}

const text = (document: LogDocument, name: string) => (valueAt(document, name) ?? null) as string | null
const number = (document: LogDocument, name: string) => Number(valueAt(document, name) ?? 0)
const time = (document: LogDocument) => Date.parse(text(document, '@timestamp')!)
const [from, to] = [Date.parse(today.from), Date.parse(today.to)]
const isPrivate = (address: string | null) =>
  /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|f[cd])/.test(address ?? '')
const hasFlag = (document: LogDocument, flag: string) =>
  ((valueAt(document, 'aws.vpcflow.tcp_flags_array') ?? []) as string[]).includes(flag)
const isAccepted = (document: LogDocument) => text(document, 'event.action') === 'accept'
const leaves = (document: LogDocument) => text(document, 'network.direction') === 'egress'

/** Both ends of a record: the one that it comes from, and the one that it goes to. */
const endsOf = (document: LogDocument) => [
  `${text(document, 'source.ip')} ${text(document, 'source.port')}`,
  `${text(document, 'destination.ip')} ${text(document, 'destination.port')}`,
]

function unanswered({ flows }: Documents, isOwn: (address: string | null) => boolean): Row[] {
  const minutes = 60_000
  const newest = Math.max(...flows.map(time))
  const end = Math.min(to, newest - 15 * minutes)
  const step = (document: LogDocument) => Math.floor(time(document) / (10 * minutes))
  const inSpan = flows.filter((one) => time(one) >= from && time(one) < end)
  const tcp = (one: LogDocument) => text(one, 'network.iana_number') === '6'
  const byEnds = new Map<string, LogDocument[]>()
  for (const one of flows) {
    const key = endsOf(one).join(' > ')
    byEnds.set(key, [...(byEnds.get(key) ?? []), one])
  }
  const silent = inSpan.filter(
    (one) =>
      tcp(one) &&
      isAccepted(one) &&
      text(one, 'aws.vpcflow.tcp_flags') === '2' &&
      number(one, 'network.packets') <= 7 &&
      isOwn(text(one, 'destination.ip')),
  )
  // SYNs of one connection whose steps are the same or follow each other are one try.
  const tries = new Map<string, LogDocument[][]>()
  for (const one of silent) {
    const key = endsOf(one).join(' > ')
    const own = tries.get(key) ?? []
    tries.set(key, own)
    if (own.length > 0 && step(one) - step(own.at(-1)!.at(-1)!) <= 1) own.at(-1)!.push(one)
    else own.push([one])
  }
  const services = new Map<string, { key: string; tries: { syns: LogDocument[]; refusals: LogDocument[] }[] }>()
  const serviceOf = (key: string) => {
    const found = services.get(key) ?? { key, tries: [] }
    services.set(key, found)
    return found
  }
  for (const [key, own] of tries)
    for (const syns of own) {
      const isNear = (one: LogDocument) => step(one) >= step(syns[0]!) - 1 && step(one) <= step(syns.at(-1)!) + 1
      const [client, service] = key.split(' > ') as [string, string]
      const replies = (byEnds.get(`${service} > ${client}`) ?? []).filter((one) => isNear(one) && isAccepted(one))
      const rejects = (byEnds.get(key) ?? []).filter((one) => isNear(one) && text(one, 'event.action') === 'reject')
      if (rejects.length > 0 || replies.some((one) => hasFlag(one, 'syn') || !hasFlag(one, 'rst'))) continue
      serviceOf(service).tries.push({ syns, refusals: replies })
    }
  const fromServices = inSpan.filter(
    (one) => tcp(one) && isAccepted(one) && isOwn(text(one, 'source.ip')) && number(one, 'source.port') < 32_768,
  )
  for (const one of fromServices) if (hasFlag(one, 'rst')) serviceOf(endsOf(one)[0]!)
  const rows = [...services.values()].flatMap(({ key, tries }): Row[] => {
    const own = fromServices.filter((one) => endsOf(one)[0] === key)
    const more = (all: readonly LogDocument[]) =>
      Math.max(all.filter(leaves).length, all.filter((one) => !leaves(one)).length)
    const refusals = tries.flatMap((one) => one.refusals)
    const resets = own.filter((one) => hasFlag(one, 'rst'))
    const reset = Math.max(
      0,
      ...[true, false].map((out) => {
        const ofWay = (all: readonly LogDocument[]) => all.filter((one) => leaves(one) === out).length
        return ofWay(resets) - ofWay(refusals)
      }),
    )
    if (tries.length === 0 && reset === 0) return []
    const [address, port] = key.split(' ') as [string, string]
    const syns = tries.flatMap((one) => one.syns)
    const sorted = (name: string) => syns.map((one) => text(one, name)!).sort()
    return [
      {
        'destination.ip': address,
        'destination.port': Number(port),
        unanswered: tries.filter((one) => one.refusals.length === 0).length,
        refused: tries.filter((one) => one.refusals.length > 0).length,
        reset,
        answered: more(own.filter((one) => hasFlag(one, 'syn') && hasFlag(one, 'ack'))),
        clients: new Set(syns.map((one) => text(one, 'source.ip'))).size,
        first: sorted('event.start')[0] ?? null,
        last: sorted('@timestamp').at(-1) ?? null,
      },
    ]
  })
  const failed = (row: Row) => Number(row.unanswered) + Number(row.refused)
  return rows.sort(
    (a, b) =>
      failed(b) - failed(a) ||
      Number(b.reset) - Number(a.reset) ||
      (String(a['destination.ip']) < String(b['destination.ip']) ? -1 : 1) *
        (a['destination.ip'] === b['destination.ip'] ? 0 : 1) ||
      Number(a['destination.port']) - Number(b['destination.port']),
  )
}

/** SYNs of TCP, and all of what is no TCP. */
function rejectedNow({ flows }: Documents): Row[] {
  const blocked = flows.filter(
    (one) =>
      text(one, 'event.action') === 'reject' && (text(one, 'network.iana_number') !== '6' || hasFlag(one, 'syn')),
  )
  const names = ['aws.vpcflow.interface_id', 'network.direction', 'destination.port', 'network.transport']
  const valuesOf = (one: LogDocument) => names.map((name) => valueAt(one, name) ?? null)
  const isNow = (one: LogDocument) => time(one) >= from && time(one) < to
  const groups = new Map<string, LogDocument[]>()
  for (const one of blocked) {
    const key = JSON.stringify(valuesOf(one))
    groups.set(key, [...(groups.get(key) ?? []), one])
  }
  return [...groups.values()]
    .filter((all) => all.every(isNow))
    .map((all) => ({
      ...(Object.fromEntries(names.map((name, index) => [name, valuesOf(all[0]!)[index]])) as Row),
      rejected: all.length,
      before: 0,
      first: all.map((one) => text(one, 'event.start')!).sort()[0]!,
      sources: new Set(all.map((one) => text(one, 'source.ip'))).size,
    }))
    .sort(
      (a, b) =>
        b.rejected - a.rejected ||
        names
          .map((name) => [(a as Row)[name] as string | number, (b as Row)[name] as string | number] as const)
          .map(([one, other]) => (one < other ? -1 : one > other ? 1 : 0))
          .find((order) => order !== 0)!,
    )
}

function newExternal({ flows }: Documents, isOwn: (address: string | null) => boolean): Row[] {
  const sent = flows.filter(
    (one) =>
      isAccepted(one) &&
      number(one, 'destination.port') > 0 &&
      number(one, 'destination.port') < 32_768 &&
      !isOwn(text(one, 'destination.ip')) &&
      leaves(one),
  )
  const rows = [...new Set(sent.map((one) => text(one, 'destination.ip')!))].flatMap((address): Row[] => {
    const own = sent.filter((one) => text(one, 'destination.ip') === address)
    const now = own.filter((one) => time(one) >= from && time(one) < to)
    if (now.length === 0 || now.length < own.length) return []
    return [
      {
        'destination.ip': address,
        port: Math.min(...now.map((one) => number(one, 'destination.port'))),
        bytes: now.reduce((sum, one) => sum + number(one, 'network.bytes'), 0),
        before: 0,
        records: now.length,
        sources: new Set(now.map((one) => text(one, 'source.ip'))).size,
        first: now.map((one) => text(one, 'event.start')!).sort()[0]!,
        last: now
          .map((one) => text(one, '@timestamp')!)
          .sort()
          .at(-1)!,
      },
    ]
  })
  return rows.sort((a, b) => Number(b.bytes) - Number(a.bytes))
}

const iamChanges = ({ calls }: Documents): Row[] =>
  calls
    .filter(
      (one) =>
        time(one) >= from &&
        text(one, 'event.outcome') === 'success' &&
        text(one, 'event.provider') === 'iam.amazonaws.com' &&
        valueAt(one, 'aws.cloudtrail.read_only') === false,
    )
    .sort((a, b) => time(b) - time(a))
    .map((one) =>
      Object.fromEntries(
        [
          '@timestamp',
          'event.action',
          'user.name',
          'aws.cloudtrail.user_identity.arn',
          'source.address',
          'user_agent.original',
          'cloud.account.id',
          'cloud.region',
          'aws.cloudtrail.request_parameters',
          'event.id',
        ].map((name) => [name, text(one, name)]),
      ),
    )

function health(documents: Documents, formats: readonly Format[]): Row[] {
  const { flows, calls, requests, dead } = documents
  const deadOf = (kind: string) =>
    dead.filter((one) => one.kind === kind && Date.parse(one.time) >= from && Date.parse(one.time) < to).length
  const rows = [flows, calls, requests].map((all, index): Row => {
    const { dataset, kind } = formats[index]!
    const now = all.filter((one) => time(one) >= from && time(one) < to)
    const newest = now
      .map((one) => text(one, '@timestamp')!)
      .sort()
      .at(-1)!
    const minutes = new Map<number, number>()
    for (const one of now) {
      const minute = Math.floor(time(one) / 60_000)
      minutes.set(minute, Math.max(minutes.get(minute) ?? 0, Date.parse(text(one, 'event.ingested')!)))
    }
    const late = [...minutes].map(([minute, stored]) => stored / 1000 - minute * 60).sort((a, b) => a - b)
    return {
      dataset,
      newest,
      behind: (to - Date.parse(newest)) / 1000,
      records: now.length,
      ingested: now
        .map((one) => text(one, 'event.ingested')!)
        .sort()
        .at(-1)!,
      late: late[Math.floor(late.length / 2)]!,
      latest: late.at(-1)!,
      dead: deadOf(kind),
    }
  })
  const nothing = { newest: null, behind: null, records: 0, ingested: null, late: null, latest: null }
  return [...rows, { ...nothing, dataset: 'nginx', dead: deadOf('nginx') }]
}

function talkers({ flows }: Documents, isOwn: (address: string | null) => boolean): Row[] {
  const once = flows.filter(
    (one) => time(one) >= from && isAccepted(one) && (leaves(one) || !isOwn(text(one, 'source.ip'))),
  )
  const pairs = new Map<string, LogDocument[]>()
  for (const one of once) {
    const key = `${text(one, 'source.ip')} ${text(one, 'destination.ip')}`
    pairs.set(key, [...(pairs.get(key) ?? []), one])
  }
  const total = (all: readonly LogDocument[], name: string) => all.reduce((sum, one) => sum + number(one, name), 0)
  return [...pairs]
    .map(([key, all]) => {
      const [source, destination] = key.split(' ') as [string, string]
      const [bytes, packets] = [total(all, 'network.bytes'), total(all, 'network.packets')]
      return { 'source.ip': source, 'destination.ip': destination, bytes, packets, records: all.length }
    })
    .sort((a, b) => b.bytes - a.bytes)
    .slice(0, 20)
}

/** With addresses of one's own that are not private, too. */
const own = ['10.0.0.0/8', '198.51.100.0/24', '2001:db8::/32']
const isNamed = (address: string | null) => /^(10\.|198\.51\.100\.|2001:db8:)/.test(address ?? '')

export const dailyCasesOf = ({ formats }: ReturnType<typeof sampleOf>): DailyCase[] => [
  { name: 'rejected-now', expected: rejectedNow },
  { name: 'unanswered', expected: (documents) => unanswered(documents, isPrivate).slice(0, 100) },
  { name: 'unanswered', options: { own, limit: 1000 }, expected: (documents) => unanswered(documents, isNamed) },
  { name: 'new-external', expected: (documents) => newExternal(documents, isPrivate) },
  {
    name: 'new-external',
    options: { own, limit: 2 },
    expected: (documents) => newExternal(documents, isNamed).slice(0, 2),
  },
  { name: 'talkers', expected: (documents) => talkers(documents, isPrivate) },
  { name: 'talkers', options: { own }, expected: (documents) => talkers(documents, isNamed) },
  { name: 'iam-changes', expected: iamChanges },
  { name: 'health', options: { formats }, expected: (documents) => health(documents, formats) },
]
