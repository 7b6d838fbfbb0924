export { type ArchiveNeed, type ArchiveQuestion, archiveNeeds, archiveQuestion } from './why/archive.ts'
export { type PairAnswer, type WhyAnswer, type WhyOptions, type WhyQuestion, why } from './why/between.ts'
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
export type { Evidence, InterfaceLog, Pair, Window } from './why/evidence.ts'
export { type FieldNeed, missingFields } from './why/flow-log-fields.ts'
export type { ArchiveReading, GatherOptions } from './why/gather/options.ts'
export { gather } from './why/gather.ts'
export type { KnownFlowLog, KnownInterface } from './why/known.ts'
export { advisedFormat } from './why/steps.ts'
export { type Common, type FailingTarget, type TargetsAnswer, whyTargets } from './why/targets.ts'
export { tell } from './why/tell.ts'
export { tellTargets } from './why/tell-targets.ts'
