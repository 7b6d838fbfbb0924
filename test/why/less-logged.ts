/** The files of a world of another author with some of their records or fields taken away, as where less is logged. */
import type { LogDocument } from '@flowferry/core'
import type { Evidence } from '../../packages/answers/src/why.ts'
import { random } from '../support/random.ts'
import { upTo, V2, versionOf } from '../worlds/foreign/network.ts'
import type { World } from '../worlds/foreign/worlds.ts'

type Files = World['files']

/** What is left, and what was taken. Chance is of the seed: the same each time. */
export async function lessLogged(
  { files, truth: { seed, a, b, since, until } }: World,
  read: (files: Files) => Promise<LogDocument[]>,
  { interfaces }: Pick<Evidence, 'interfaces'>,
): Promise<[what: string, LogDocument[]][]> {
  const byFile = await Promise.all(files.map((file) => read([file])))
  const all = byFile.flat()
  const [from, to] = [Date.parse(since), Date.parse(until)]
  // What is of one kind of traffic alone is so for all that a flow log covers.
  const flowLogOf = new Map(
    files.flatMap(({ path }, n) => byFile[n]!.map((document) => [document, /_(fl-\w+)_/.exec(path)?.[1]] as const)),
  )
  const kinds = (name: string, flowLogs: ReadonlySet<string | undefined>): [string, LogDocument[]][] =>
    ['accept', 'reject'].map((action) => [
      `${action}s of ${name}`,
      all.filter((one) => !flowLogs.has(flowLogOf.get(one)) || (one.event as Event).action !== action),
    ])
  const times = (name: string, isOwn: (document: LogDocument) => boolean): [string, LogDocument[]][] => {
    const without = (what: string, isGone: (event: Event) => boolean): [string, LogDocument[]] => [
      `${what} of ${name}`,
      all.filter((document) => !isOwn(document) || !isGone(document.event as Event)),
    ]
    return [
      ...[2, 10].map((minutes) =>
        without(`the last ${minutes} minutes`, ({ end }) => Date.parse(end) >= to - minutes * 60_000),
      ),
      without('the first half', ({ start }) => Date.parse(start) < (from + to) / 2),
    ]
  }
  const less = [
    ...kinds('both', new Set(flowLogOf.values())),
    ...times('both', (document) => ofInterface(document) !== undefined),
    ...Object.entries({ A: a, B: b }).flatMap(([name, address]): [string, LogDocument[]][] => {
      const ids = interfaces.filter(({ holds }) => holds.includes(address)).map(({ id }) => id)
      const isOwn = (document: LogDocument) => ids.includes(ofInterface(document) ?? '')
      const own = all.filter(isOwn)
      if (own.length === 0) return []
      return [
        [`the log of ${name}`, all.filter((document) => !isOwn(document))],
        ...kinds(name, new Set(own.map((document) => flowLogOf.get(document)))),
        ...times(name, isOwn),
      ]
    }),
  ]
  for (const share of [0.1, 0.5]) {
    const draw = random(seed)
    less.push([`${share * 100} % of the files`, byFile.filter(() => !draw.chance(share)).flat()])
  }
  for (const [what, keeps] of taken) less.push([what, await read(fieldsOf(files, keeps))])
  return less
}

interface Event {
  readonly action?: string
  readonly start: string
  readonly end: string
}

const ofInterface = ({ aws }: LogDocument) =>
  (aws as { vpcflow?: { interface_id?: string } } | undefined)?.vpcflow?.interface_id

const but =
  (...gone: readonly string[]) =>
  (field: string) =>
    !gone.includes(field)

const taken: readonly [what: string, keeps: (field: string) => boolean][] = [
  ['fields beyond version 2', (field) => V2.includes(field)],
  ['fields beyond version 5', (field) => upTo(5).includes(field)],
  ['tcp-flags', but('tcp-flags')],
  ['pkt-srcaddr and pkt-dstaddr', but('pkt-srcaddr', 'pkt-dstaddr')],
  ['flow-direction', but('flow-direction')],
  ['traffic-path', but('traffic-path')],
  ['subnet-id', but('subnet-id')],
  ['vpc-id and subnet-id', but('vpc-id', 'subnet-id')],
  ['instance-id', but('instance-id')],
  ['interface-type', but('interface-type')],
  ['encryption-status', but('encryption-status')],
  ['reject-reason', but('reject-reason')],
]

const isFlowLog = ({ path, text }: Files[number]) =>
  path.includes('vpcflowlogs') && !text.startsWith('version resource-type')

/** With the fields that are kept, and the version that they have. */
const fieldsOf = (files: Files, keeps: (field: string) => boolean): Files =>
  files.map((file) => {
    if (!isFlowLog(file)) return file
    const [head = '', ...lines] = file.text.trimEnd().split('\n')
    const names = head.split(' ')
    const kept = names.flatMap((name, n) => (keeps(name) ? [n] : []))
    const version = String(versionOf(kept.map((n) => names[n]!)))
    const cut = (line: string, isHead = false) => {
      const values = line.split(' ')
      return kept.map((n) => (names[n] === 'version' && !isHead ? version : values[n])).join(' ')
    }
    return { ...file, text: `${[cut(head, true), ...lines.map((line) => cut(line))].join('\n')}\n` }
  })
