import { type Answer, askDaily, type DailyQuestion, dailyQuestions } from '@flowferry/answers'
import { duckdbStore } from '@flowferry/answers/duckdb'
import { type Diagnosis, diagnose, gather } from '@flowferry/answers/why'
import type { Format } from '@flowferry/core'
import type { DuckDBSink } from '@flowferry/sink-duckdb'
import { incident, world } from './samples/world.ts'

/** What an operator asks, and what the store answered. */
export interface Asked {
  readonly answers: readonly Answered[]
  readonly diagnosis: Diagnosis
}

interface Answered extends Answer {
  readonly question: DailyQuestion
}

/** Blocks whose addresses are the shop's. */
export const own = ['10.20.0.0/16', '2001:db8:20:1::/64']
const names = ['talkers', 'unanswered', 'iam-errors', 'cdn-errors']
export const span = { from: new Date(world.start).toISOString(), to: new Date(world.start + 3_600_000).toISOString() }

/** Questions of every day, and why one service does not reach another. */
export async function ask({ connection }: DuckDBSink, formats: readonly Format[]): Promise<Asked> {
  const store = duckdbStore({ connection, formats })
  const answers: Answered[] = []
  for (const question of dailyQuestions.filter(({ name }) => names.includes(name)))
    answers.push({ question, ...(await askDaily(store, question, span, { own, limit: 6 })) })
  const { client: a, service: b, port } = incident
  const pair = { a, b, port, since: span.from, until: span.to }
  return { answers, diagnosis: diagnose(await gather(store.ask, pair)) }
}
