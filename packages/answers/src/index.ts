export type { Answer, Row, Store, StoreOptions, Value } from './answer.ts'
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
export type { DailyQuestion } from './questions/daily.ts'
export { dailyQuestions } from './questions/index.ts'
