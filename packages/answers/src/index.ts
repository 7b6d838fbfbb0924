export type { Answer, Row, Store, StoreOptions, Value } from './answer.ts'
export { kql } from './kql.ts'
export { dashboards } from './panels/index.ts'
export { type Chart, type Dashboard, type Panel, stepOf } from './panels/panel.ts'
export type {
  DocumentsQuestion,
  Filter,
  FilterValue,
  Group,
  GroupsQuestion,
  Having,
  Measure,
  Order,
  Question,
  Range,
  Span,
} from './question.ts'
export {
  askDaily,
  type Column,
  type DailyOptions,
  type DailyQuestion,
  dailyNeeds,
  type PlainQuestion,
  type SteppedQuestion,
  type Unit,
} from './questions/daily.ts'
export { type FlowsOptions, flows } from './questions/flows.ts'
export { dailyQuestions } from './questions/index.ts'
export { tellAnswer } from './questions/tell.ts'
