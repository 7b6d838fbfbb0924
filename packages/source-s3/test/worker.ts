import { FlowferryError } from '@flowferry/core'
import { vi } from 'vitest'
import type { SqsMessage } from '../src/events/messages.ts'
import { type ConsumeOptions, consume } from '../src/worker/consume.ts'
import { fakeSqs } from './fake-sqs.ts'
import { done, failed, report } from './reports.ts'
import { elapse } from './timers.ts'

export const queueUrl = 'https://sqs.test/1/main'
export const dlq = 'https://sqs.test/1/dlq'
export type Handler = Parameters<typeof consume>[1]

export const allDone = async (messages: readonly SqsMessage[]) =>
  report(messages.map(({ MessageId }) => done(MessageId)))
export const allFailed = async (messages: readonly SqsMessage[]) =>
  report(messages.map(({ MessageId }) => failed(MessageId)))
export const targetAway = (messages: readonly SqsMessage[]) =>
  report(
    messages.map(({ MessageId }) => failed(MessageId)),
    new FlowferryError('TARGET_UNREACHABLE', 'No answer'),
  )
export const wait = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds))

/** A worker on a queue in memory, under fake timers. */
export function worker(settings?: Parameters<typeof fakeSqs>[0]) {
  const fake = fakeSqs(settings)
  const stop = new AbortController()
  const errors: FlowferryError[] = []
  const fill = (count: number) => Array.from({ length: count }, (_, n) => fake.put(queueUrl, `body ${n}`))
  const start = (handler: Handler, options: Partial<ConsumeOptions> = {}) =>
    consume(queueUrl, handler, {
      sqs: fake.sqs,
      signal: stop.signal,
      onError: (error) => errors.push(error),
      ...options,
    })
  /** Runs for a while, then stops. */
  const run = async (handler: Handler, options: Partial<ConsumeOptions> = {}, milliseconds = 5000) => {
    const running = start(handler, options)
    running.catch(() => {})
    await vi.advanceTimersByTimeAsync(milliseconds)
    stop.abort()
    return elapse(running)
  }
  const visible = () => fake.queue(queueUrl).filter(({ visibleAt }) => visibleAt <= Date.now()).length
  return { ...fake, stop, errors, fill, start, run, visible }
}
