/** What A and B are, where a snapshot or the stored flow logs have to tell it. */

import { isIP } from 'node:net'
import type { FlowferryError } from '@flowferry/core'
import { isIt } from '@flowferry/core/internal'
import { addressesOf, type InPart, knownOf, nameOf, ownerOf, type Snapshot } from '@flowferry/enrich/interfaces'
import { loggedForm } from '../addresses.ts'
import { refused } from '../refuse.ts'
import { groupedBy } from '../values.ts'
import { type KnownInterface, knownInterface } from './known.ts'

/** One address of A or B. */
export interface End {
  readonly address: string
  /** None where nothing tells. */
  readonly known?: KnownInterface
}

/** One thing that a name may mean, with all of its interfaces. */
type Thing = readonly InPart[]

/** What a text may mean; nothing where the snapshot does not have it. */
export interface Meanings {
  /** Stands in errors: `A`. */
  readonly whose: string
  readonly text: string
  readonly things: readonly Thing[]
}

/** As many values as a filter takes. */
const mostTwins = 10_000
/** Candidates that an error names. */
const mostListed = 8

/**
 * All that the snapshot has under an address, an id, or a name: of a tag `Name`, a load balancer, a NAT gateway, an
 * endpoint, or a description. Upper and lower case are the same.
 */
export function meaningsOf(whose: string, text: string, snapshot: Snapshot): Meanings {
  const wanted = loggedForm(text.toLowerCase())
  const names = isIP(text) === 0 ? namesOf : ({ interface: one }: InPart) => addressesOf(one)
  const meant = knownOf(snapshot).all.filter((one) => names(one).some((name) => name.toLowerCase() === wanted))
  const things = groupedBy(meant, (one) => (isIP(text) === 0 ? ownerId(one) : one.interface.networkInterfaceId))
  return { whose, text, things: [...things.values()] }
}

const ownerId = ({ interface: one, part }: InPart) => {
  const id = ownerOf(one)?.id
  return id === undefined ? one.networkInterfaceId : `${part.account} ${part.region} ${id}`
}

/** All by which people may call it. */
function namesOf({ interface: one }: InPart): string[] {
  const { id, names = [] } = ownerOf(one) ?? {}
  const all = [one.networkInterfaceId, one.name, one.description, id, ...names]
  return [...new Set(all.flatMap((name) => name || []))]
}

/**
 * The meaning, where there is one. Of an address that several VPCs have it is the one in the other end's VPC.
 *
 * @throws FlowferryError INVALID_OPTION that lists what it may be
 */
export function meant(meanings: Meanings, other?: Meanings): Thing {
  const { whose, text, things } = meanings
  const vpcs = new Set((other?.things ?? []).flat().map(({ interface: one }) => one.vpcId))
  const near = isIP(text) === 0 ? [] : things.filter((thing) => thing.some(({ interface: one }) => vpcs.has(one.vpcId)))
  const [found, second] = near.length > 0 ? near : things
  if (!found || second) throw ambiguous(whose, text, near.length > 0 ? near : things)
  return found
}

function ambiguous(whose: string, text: string, things: readonly Thing[]): FlowferryError {
  const told = things.slice(0, mostListed).map((thing) => {
    const [{ interface: one, part }] = thing as [InPart, ...InPart[]]
    const name = isIP(text) === 0 ? undefined : nameOf(one)
    const addresses = thing.map(({ interface: { privateIpAddresses, ipv6Addresses } }) =>
      [...privateIpAddresses, ...ipv6Addresses].slice(0, 1),
    )
    const id = isIP(text) === 0 ? (ownerOf(one)?.id ?? one.networkInterfaceId) : one.networkInterfaceId
    return `${id} (${[name, addresses.flat().join(' and '), one.subnetId, one.vpcId, part.account, part.region].flatMap((word) => word || []).join(', ')})`
  })
  const more = things.length > mostListed ? ` and ${things.length - mostListed} more` : ''
  return refused(whose, `is "${text}", which may be ${told.join('; ')}${more}: give the id of one`)
}

/** The error for what neither the snapshot nor the logs have. */
export function unknown(whose: string, text: string, snapshot: Snapshot | undefined): FlowferryError {
  if (!snapshot)
    return refused(
      whose,
      `is "${text}", a name, which needs a snapshot: flowferry snapshot takes one, and DNS is not asked; without, give an address, eni-… or i-…`,
    )
  const names = knownOf(snapshot).all.flatMap(namesOf)
  const parts = snapshot.parts.map(({ account, region, takenAt }) => `${account} ${region} as of ${takenAt}`)
  return refused(
    whose,
    `is "${text}", which nothing in the snapshot is called (${parts.join(', ') || 'it is empty'})${isIt(text, names)}; what is newer, a new flowferry snapshot has`,
  )
}

/** The addresses of a thing, the primary one of each interface; of an address that was given, that one. */
export function endsOf({ text }: Meanings, thing: Thing): End[] {
  return thing.flatMap((one): End[] => {
    const known = knownInterface(one)
    const address = isIP(text) === 0 ? known.addresses[0] : loggedForm(text.toLowerCase())
    return address === undefined ? [] : [{ address, known }]
  })
}

/**
 * Interfaces whose records are of somebody else: of other VPCs, with the address of an end; and all of such a VPC that has
 * those of both ends.
 */
export function twinsOf(snapshot: Snapshot, ends: readonly (readonly End[])[]): string[] {
  const { all } = knownOf(snapshot)
  const chosen = ends.flat().flatMap(({ known }) => known ?? [])
  const vpcs = new Set(chosen.flatMap(({ vpc }) => vpc ?? []))
  if (vpcs.size === 0) return []
  const foreign = all.filter(({ interface: one }) => !vpcs.has(one.vpcId))
  const holders = ends.map((of) => {
    const addresses = new Set(of.flatMap(({ address, known }) => (known ? [address] : [])))
    return foreign.filter(({ interface: one }) => addressesOf(one).some((address) => addresses.has(address)))
  })
  const vpcsOf = holders.map((of) => new Set(of.map(({ interface: one }) => one.vpcId)))
  const copies = new Set([...(vpcsOf[0] ?? [])].filter((vpc) => vpcsOf.every((of) => of.has(vpc))))
  const twins = [...holders.flat(), ...foreign.filter(({ interface: one }) => copies.has(one.vpcId))]
  return [...new Set(twins.map(({ interface: one }) => one.networkInterfaceId))].slice(0, mostTwins)
}
