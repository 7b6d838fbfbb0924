import type { FlowferryError } from '@flowferry/core'
import { changeVisibility, queueError, type Receipt, type Sqs, visibilityCeilingSeconds } from './queue.ts'
import { sleep } from './time.ts'

export interface HeartbeatOptions {
  readonly sqs: Sqs
  readonly queueUrl: string
  /** Seconds that each beat hides the messages for; beats come at half of it, and a tenth after one that failed. */
  readonly visibilitySeconds: number
  /** The messages still in work, asked at each beat. */
  readonly messages: () => readonly Receipt[]
  readonly onError: (error: FlowferryError) => void
  /** Ends a beat on its way, for which `stop` would wait. */
  readonly signal?: AbortSignal
}

export interface Heartbeat {
  /** Ends the beats; resolves when none is on its way, so that a later change of visibility is the last one. */
  readonly stop: () => Promise<void>
  /** True when SQS hides the messages no longer: 12 hours since they were received. */
  readonly expired: () => boolean
}

/**
 * Keeps messages hidden while they are worked on, from their receipt until `stop`.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html
 */
export function startHeartbeat(options: HeartbeatOptions): Heartbeat {
  const { sqs, queueUrl, visibilitySeconds, messages, onError, signal } = options
  const received = Date.now()
  const stopping = new AbortController()
  let hiddenUntil = received + visibilitySeconds * 1000
  const ceiling = received + visibilityCeilingSeconds * 1000
  const beats = beat()

  return {
    stop: () => {
      stopping.abort()
      return beats
    },
    expired: () => Date.now() >= Math.min(hiddenUntil, ceiling),
  }

  async function beat(): Promise<void> {
    const tenth = visibilitySeconds / 10
    // A silent beat is given up in time for others.
    const patience = Math.min(15, Math.max(2, tenth))
    for (let pause = visibilitySeconds / 2; ; ) {
      await sleep(pause * 1000, stopping.signal)
      if (stopping.signal.aborted) return
      // A second of margin: SQS refuses, instead of shortening, what goes beyond its ceiling.
      const seconds = Math.min(visibilitySeconds, Math.floor((ceiling - Date.now()) / 1000) - 1)
      if (seconds < 1) {
        onError(queueError('Messages are in work for 12 hours, and SQS will deliver them again'))
        return
      }
      const started = Date.now()
      const beaten = messages()
      const failures = await changeVisibility(sqs, queueUrl, beaten, seconds, signal, patience)
      if (failures.length < beaten.length) hiddenUntil = started + seconds * 1000
      const current = new Set(messages())
      const left = failures.filter(({ message }) => current.has(message))
      for (const { error } of left) onError(error)
      pause = left.some(({ error }) => error.retryable) ? tenth : visibilitySeconds / 2
    }
  }
}
