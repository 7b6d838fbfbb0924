export {
  type Alert,
  type AlertMeasure,
  columnsOf,
  type Duration,
  defineAlert,
  type PlainAlert,
  type QueueState,
  type Severity,
  type SteppedAlert,
  type SteppedOptions,
  type Window,
} from './alerts/alert.ts'
export type { CompileOptions, Refused } from './alerts/compile/common.ts'
export { type KibanaRule, kibanaRule } from './alerts/compile/kibana.ts'
export { type OpenSearchMonitor, openSearchMonitor } from './alerts/compile/opensearch.ts'
export { type AlertsReport, type EvaluateOptions, type Evaluation, evaluate } from './alerts/evaluate.ts'
export { alerts } from './alerts/index.ts'
export { type AlertsState, type Finding, type OpenFinding, readState } from './alerts/state.ts'
export { type TellOptions, tellAlerts, tellFinding } from './alerts/tell.ts'
export type { WindowTime } from './alerts/windows.ts'
export type { Filter } from './question.ts'
