/** What the page asks of its server, and what it gets: types alone, for both. */
import type { Chart, Column, FilterValue, FlowsOptions, Row, Span } from '@flowferry/answers'
import type { PairAnswer, TargetsAnswer, WhyAnswer } from '@flowferry/answers/why'

/** Where the page may get a question from, as something else can ask it. */
export interface Copy {
  readonly name: 'CLI' | 'KQL' | 'DQL' | 'SQL'
  readonly text: string
}

/** A field that has a value; null: that has none. */
export interface Narrowing {
  readonly field: string
  readonly value: FilterValue | null
}

export interface About {
  readonly name: string
  readonly title: string
  readonly know: string
  readonly formats: readonly string[]
  readonly columns: Readonly<Record<string, Column>>
}

export interface AboutPanel extends About {
  readonly chart: Chart
}

/** What is in the store of one kind of log. */
export interface LogsOf {
  readonly dataset: string
  readonly title: string
  /** ISO 8601; null where there is no record. */
  readonly oldest: string | null
  readonly newest: string | null
}

export interface Start {
  /** `duckdb:logs.db`, `elasticsearch` */
  readonly from: string
  /** ISO 8601, of the server. */
  readonly now: string
  readonly logs: readonly LogsOf[]
  readonly dashboards: readonly {
    readonly name: string
    readonly title: string
    readonly panels: readonly AboutPanel[]
  }[]
  readonly questions: readonly About[]
  readonly findings: readonly Pick<FoundAnswer, 'name' | 'title' | 'looked'>[]
  /** ISO 8601: when the oldest part of the snapshot was taken. @default there is none */
  readonly namesAsOf?: string
  /** The command that fills an empty store. */
  readonly fill: string
}

export interface Answered {
  readonly span: Span
  readonly rows: readonly Row[]
  readonly approximate: readonly string[]
  readonly partial?: { readonly why: string; readonly absent?: true }
  /** Of a timeline: its steps, `5m`. */
  readonly every?: string
  /** Whether the limit left rows out. */
  readonly more: boolean
  readonly copy: readonly Copy[]
}

/** A table whose columns the answer tells. */
export interface FlowsAnswer extends Answered, About {}

export type Severity = 'fault' | 'notice' | 'change'

/** What was looked for without being asked, and what was found. */
export interface FoundAnswer extends Omit<Answered, 'approximate'> {
  readonly name: string
  readonly title: string
  /** What was looked at, for where nothing is found. */
  readonly looked: string
  readonly severity: Severity
  /** What is found, in one sentence; none: nothing. */
  readonly sentence?: string
  /** The question of every day whose page has all of it. */
  readonly question: string
  readonly columns: Readonly<Record<string, Column>>
  readonly notes: readonly string[]
}

/** Where a pair's packets were seen: an interface, the way they went, and what became of them. */
export interface Leg {
  readonly interface: string | null
  readonly direction: 'egress' | 'ingress' | null
  /** From A to B, or back. */
  readonly way: 'request' | 'reply'
  readonly accepted: number
  readonly rejected: number
  readonly syns: number
  readonly resets: number
  readonly last: string | null
}

/** Connections of a pair in one step of time, by what became of them. */
export interface Step {
  /** ISO 8601: its beginning. */
  readonly at: string
  readonly answered: number
  readonly unanswered: number
  readonly rejected: number
}

export interface PairCharts {
  readonly legs: readonly Leg[]
  readonly steps: readonly Step[]
  /** Of a step: `10s`, `5m` */
  readonly every: string
  readonly partial?: { readonly why: string }
}

export interface Because {
  readonly answer: WhyAnswer
  /** B's port: as asked, or that of the evidence. */
  readonly port?: number
  readonly copy: readonly Copy[]
}

export interface BecauseTargets {
  readonly answer: TargetsAnswer
  readonly copy: readonly Copy[]
}

export interface Failure {
  /** A code of flowferry's errors, or `TOKEN`, `HOST`, `ORIGIN`, `REQUEST`, `NOT_FOUND`. */
  readonly code: string
  readonly message: string
  /** What to do. */
  readonly advice: string
}

interface InSpan {
  readonly since: string
  readonly until: string
}

/** By the name of a request what it takes and what it gives. */
export interface Requests {
  start: { readonly takes: object; readonly gives: Start }
  finding: { readonly takes: InSpan & { readonly name: string }; readonly gives: FoundAnswer }
  panel: {
    readonly takes: InSpan & { readonly name: string; readonly is?: readonly Narrowing[] }
    readonly gives: Answered
  }
  question: { readonly takes: InSpan & { readonly name: string; readonly limit?: number }; readonly gives: Answered }
  flows: {
    readonly takes: InSpan & FlowsOptions & { readonly limit?: number }
    readonly gives: FlowsAnswer
  }
  callers: { readonly takes: InSpan & { readonly b: string; readonly port: number }; readonly gives: FlowsAnswer }
  why: {
    readonly takes: InSpan & { readonly a: string; readonly b: string; readonly port?: number }
    readonly gives: Because
  }
  targets: { readonly takes: InSpan & { readonly a: string }; readonly gives: BecauseTargets }
  charts: {
    readonly takes: InSpan & Pick<PairAnswer, 'a' | 'b'> & { readonly port?: number; readonly onset?: string }
    readonly gives: PairCharts
  }
}
export type RequestName = keyof Requests
