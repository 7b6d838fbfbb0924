import type { Row } from '@flowferry/answers'
import { printable } from '@flowferry/core'
import { type Here, toPage } from './context.ts'

/** Where a row leads to. */
export interface Link {
  readonly href: string
  readonly text: string
  /** For those who hear it: what it is of. */
  readonly label: string
}

const clientsFrom = 32_768
const text = (row: Row, name: string): string | undefined => (typeof row[name] === 'string' ? row[name] : undefined)
const number = (row: Row, name: string): number | undefined => (typeof row[name] === 'number' ? row[name] : undefined)

/** By what a row holds: two ends lead to their cause, one to its records. */
export function linksOf(row: Row, here: Here): Link[] {
  const source = text(row, 'source.ip')
  const target = text(row, 'destination.ip')
  const id = text(row, 'aws.vpcflow.interface_id')
  const port = number(row, 'destination.port')
  const ofService = port !== undefined && port > 0 && port < clientsFrom ? port : undefined
  if (Array.isArray(row.callers) && target !== undefined && row.callers.length > 0) {
    const callers = row.callers.slice(0, 3).map(String)
    const why = callers.map((a) => ({
      ...whyOf(here, a, target, ofService),
      text: callers.length === 1 ? 'Why?' : `Why from ${printable(a)}?`,
    }))
    return [...why, recordsOf(here, { a: target, port: ofService }, `of ${target}`)]
  }
  if (source !== undefined && target !== undefined) {
    const replyPort = number(row, 'source.port')
    const isReply = ofService === undefined && replyPort !== undefined && replyPort > 0 && replyPort < clientsFrom
    const [a, b, p] = isReply ? [target, source, replyPort] : [source, target, ofService]
    const why = whyOf(here, a, b, p)
    // Records lead to records of their pair only where there are others, too.
    if (row['source.port'] !== undefined) return [why]
    return [why, recordsOf(here, { a, b, port: p }, `between ${a} and ${b}`)]
  }
  if (target !== undefined && ofService !== undefined)
    return [
      {
        href: toPage(here, 'service', { b: target, port: ofService }),
        text: 'Clients',
        label: `Clients of ${target} port ${ofService}`,
      },
    ]
  if (id !== undefined) {
    const action = row.rejected === undefined ? undefined : 'reject'
    return [recordsOf(here, { interface: id, port, action }, `of ${id}`)]
  }
  const one = source ?? target
  return one === undefined ? [] : [recordsOf(here, { a: one }, `of ${one}`)]
}

const whyOf = (here: Here, a: string, b: string, port: number | undefined): Link => ({
  href: toPage(here, 'pair', { a, b, port }),
  text: 'Why?',
  label: `Why does ${printable(a)} not reach ${printable(b)}?`,
})

const recordsOf = (here: Here, given: Record<string, string | number | undefined>, of: string): Link => ({
  href: toPage(here, 'flows', given),
  text: 'Records',
  label: `Flow records ${printable(of)}`,
})
