import { privateBlocks } from '@flowferry/core/internal'
import type { Filter, Question, Span } from '../question.ts'

/** A question of every day: plain data, once the span is known. */
export interface DailyQuestion {
  /** As a command would have it: `log-gaps`. */
  readonly name: string
  readonly title: string
  readonly over: (span: Span) => Question
}

/**
 * Records that count the bytes of a flow once, where both of its ends are logged: those that leave an interface, and those
 * that come to one from outside. Addresses that are not private are taken to be outside. Records without a direction
 * (version 2) all count, and bytes between two logged interfaces twice.
 */
export const onceByFlow: Filter = {
  any: [
    { field: 'network.direction', equals: 'egress' },
    { not: { field: 'network.direction', exists: true } },
    {
      not: { field: 'source.ip', cidr: privateBlocks },
    },
  ],
}

export const accepted: Filter = { field: 'event.action', equals: 'accept' }
