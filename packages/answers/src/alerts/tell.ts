import { printable } from '@flowferry/core'
import { count } from '@flowferry/core/internal'
import type { Row } from '../answer.ts'
import type { Column } from '../questions/daily.ts'
import { cellOf, tellSpan, timeOf } from '../questions/tell.ts'
import { type Alert, columnsOf } from './alert.ts'
import type { AlertsReport, Evaluation } from './evaluate.ts'
import type { Finding } from './state.ts'

export interface TellOptions {
  /** Whether what goes on is told, or only how much of it there is. @default true */
  readonly ongoing?: boolean
}

/**
 * A report for people: what is missing first, then what fired, what goes on and what is over.
 *
 * @example
 * console.log(tellAlerts(alerts, await evaluate(store, alerts, { formats: parser.formats })))
 */
export function tellAlerts(
  alerts: readonly Alert[],
  { now, findings, evaluations, partial }: AlertsReport,
  { ongoing = true }: TellOptions = {},
): string {
  const of = (status: string) => findings.filter((one) => one.status === status).length
  const isOfLogs = (name: string) => alerts.some((one) => one.name === name && one.formats.length > 0)
  const left = evaluations.flatMap(({ alert, status }) => (status === 'absent' && isOfLogs(alert) ? [alert] : []))
  const lines = [
    ...(partial ? [`Not the whole answer: ${partial.why}.`, ''] : []),
    `${timeOf(now)} UTC: ${count(of('fired'))} fired, ${count(of('ongoing'))} ongoing, ${count(of('resolved'))} resolved`,
    ...findings.flatMap((finding) =>
      ongoing || finding.status !== 'ongoing' ? ['', ...findingLines(alerts, finding)] : [],
    ),
    ...lookedAt(evaluations.filter(({ alert }) => isOfLogs(alert))),
    ...(left.length > 0 ? ['', `Not asked, since the store has no such logs: ${left.join(', ')}.`] : []),
  ]
  return `${lines.map(printable).join('\n')}\n`
}

/** The span of time that each alert looked at: they differ by the alert's window, and by how late its logs may come. */
function lookedAt(evaluations: readonly Evaluation[]): string[] {
  const spans = new Map<string, string[]>()
  for (const { alert, status, spans: looked } of evaluations) {
    const [newest, oldest] = [looked[0], looked.at(-1)]
    if (!newest || !oldest || status === 'absent' || status === 'failed') continue
    const span = tellSpan({ from: oldest.from, to: newest.to })
    spans.set(span, [...(spans.get(span) ?? []), alert])
  }
  return spans.size === 0
    ? []
    : ['', 'Looked at, UTC:', ...[...spans].map(([span, names]) => `  ${span}: ${names.join(', ')}`)]
}

/**
 * One finding for people, as a message has it: its title first, then who or what, the numbers, and what to run next.
 *
 * @example
 * await sns.send(new PublishCommand({ TopicArn, Subject: finding.title, Message: tellFinding(alerts, finding) }))
 */
export function tellFinding(alerts: readonly Alert[], finding: Finding): string {
  return `${findingLines(alerts, finding).map(printable).join('\n')}\n`
}

function findingLines(alerts: readonly Alert[], finding: Finding): string[] {
  const { alert: name, title, severity, status, who, numbers, since, unsure, commands, link } = finding
  const alert = alerts.find((one) => one.name === name)
  const columns = alert ? columnsOf(alert) : {}
  const whose = said(who, columns)
  const { first: _, ...shown } = numbers
  const begun = [`since ${timeOf(since)} UTC`, ...(status === 'fired' ? [] : [`told ${timeOf(finding.firedAt)} UTC`])]
  return [
    `${status.toUpperCase()} ${severity} ${name}: ${title}`,
    `  ${whose.join(', ')}`,
    `  ${[...said(shown, columns), ...begun].join(', ')}`,
    ...(unsure === undefined ? [] : [`  whether it is over, nobody knows: ${unsure}`]),
    ...(status === 'resolved' ? [] : [...commands, ...(link === undefined ? [] : [link])].map((text) => `  ${text}`)),
  ]
}

/** `port 443, sources 3` */
function said(row: Row, columns: Readonly<Record<string, Column>>): string[] {
  return Object.entries(row).map(([name, value]) => {
    const { heading, unit } = columns[name] ?? { heading: name, unit: undefined }
    const cell = cellOf(value, unit)
    return `${heading} ${typeof cell === 'number' ? count(cell) : (cell ?? 'unknown')}`
  })
}
