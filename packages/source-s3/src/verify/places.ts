import { type Interval, type KeyRange, servicesOf } from '../backfill/layout.ts'
import type { Lister } from '../backfill/list.ts'
import { plan } from '../backfill/plan.ts'

/** The folders of an account and a region: of its digests, and of what these name. */
export interface Place {
  readonly folder: string
  readonly region: string
  readonly digests?: KeyRange
  readonly logs: readonly KeyRange[]
}

const digestService = 'CloudTrail-Digest'
const logServices = ['CloudTrail', 'CloudTrail-Insight', 'CloudTrail-NetworkActivity', 'CloudTrail-Aggregated']

interface PlacesOptions {
  readonly prefix?: string
  readonly accounts?: readonly string[]
  readonly regions?: readonly string[]
}

/** The accounts and regions in the order of their folders: nothing but folders is listed. */
export async function placesOf(list: Lister, options: PlacesOptions, span: Interval): Promise<Place[]> {
  const { prefix = '', accounts, regions } = options
  const archives = [digestService, ...logServices].map((service) => ({ service, late: 0, early: 0 }))
  const wanted = {
    services: servicesOf(archives),
    accounts: accounts?.length ? new Set(accounts) : undefined,
    regions: regions?.length ? new Set(regions) : undefined,
    span,
  }
  const places = new Map<string, { folder: string; region: string; digests?: KeyRange; logs: KeyRange[] }>()
  for await (const range of plan(list, { prefix, wanted })) {
    const { name } = range.service
    // The last folder of that name: one above the archive may be called so, too.
    const [, folder, region] = new RegExp(`^((?:.*/)?)${name}/([^/]+)/`, 's').exec(range.prefix) ?? []
    if (folder === undefined || region === undefined) continue
    const id = `${folder}\n${region}`
    const place = places.get(id) ?? { folder, region, logs: [] }
    places.set(id, place)
    if (name === digestService) place.digests = range
    else place.logs.push(range)
  }
  return [...places.values()].sort(comparePlaces)
}

type Named = Pick<Place, 'folder' | 'region'>

export function comparePlaces(a: Named, b: Named): number {
  const [left, right] = [a, b].map(({ folder, region }) => `${folder}\n${region}`) as [string, string]
  return left < right ? -1 : left > right ? 1 : 0
}
