export { interfaces } from './interfaces/enrichment.ts'
export { addressesOf, type InPart, type Known, knownOf } from './interfaces/known.ts'
export { nameOf, type Owner, ownerOf } from './interfaces/owner.ts'
export {
  type FlowLog,
  type NetworkInterface,
  readSnapshot,
  type Snapshot,
  type SnapshotPart,
  type Subnet,
  withPart,
} from './interfaces/snapshot.ts'
