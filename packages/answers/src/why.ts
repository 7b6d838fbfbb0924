export { diagnose } from './why/diagnose.ts'
export {
  type Cause,
  type Certainty,
  type Change,
  causes,
  certainties,
  type Diagnosis,
  type Others,
} from './why/diagnosis.ts'
export type { Evidence, InterfaceLog, Pair } from './why/evidence.ts'
export { type GatherOptions, gather } from './why/gather.ts'
export { tell } from './why/tell.ts'
