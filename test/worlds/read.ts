/** A reader of a world's files for its tests, which knows no more of the formats than their header lines. */
import { gunzipSync } from 'node:zlib'
import type { World, WorldFile } from './world.ts'

export type Line = Readonly<Record<string, string>>

const text = ({ body }: WorldFile) => gunzipSync(body).toString()

export function flowLines({ files }: World): { vpc: Line[]; transit: Line[] } {
  const vpc: Line[] = []
  const transit: Line[] = []
  for (const file of files.filter(({ key }) => key.includes('/vpcflowlogs/'))) {
    const [header, ...lines] = text(file).trimEnd().split('\n')
    const names = header!.split(' ')
    const into = names.includes('tgw-id') ? transit : vpc
    for (const line of lines) {
      const values = line.split(' ')
      if (values.length !== names.length) throw new Error(`${file.key}: ${line}`)
      into.push(Object.fromEntries(names.map((name, n) => [name, values[n]!])))
    }
  }
  return { vpc, transit }
}

export interface TrailRecord {
  readonly eventID: string
  readonly eventName: string
  readonly eventTime: string
  readonly errorCode?: string
  readonly requestParameters: unknown
}

export const trailRecords = ({ files }: Pick<World, 'files'>): TrailRecord[] =>
  files
    .filter(({ key }) => key.includes('/CloudTrail/'))
    .flatMap((file) => (JSON.parse(text(file)) as { Records: TrailRecord[] }).Records)

/** What each end of the question saw of it, requests and replies apart. */
export interface Legs {
  readonly req: readonly Line[]
  readonly rep: readonly Line[]
}

export const interfaceOf = ({ told }: World, address: string) =>
  told.interfaces.find(({ privateIpAddress }) => privateIpAddress === address)

export function legsAt(world: World, lines: readonly Line[], address: string): Legs {
  const { a, b, port } = world
  const id = interfaceOf(world, address)?.networkInterfaceId
  const own = lines.filter((line) => line['interface-id'] === id)
  return {
    req: own.filter((line) => line.srcaddr === a && line.dstaddr === b && line.dstport === String(port)),
    rep: own.filter((line) => line.srcaddr === b && line.dstaddr === a && line.srcport === String(port)),
  }
}

export const clientPort = (world: World, line: Line) =>
  line.dstport === String(world.port) ? line.srcport! : line.dstport!

export const flags = (line: Line) => Number(line['tcp-flags'])
