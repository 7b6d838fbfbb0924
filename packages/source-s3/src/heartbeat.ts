import type { FlowferryError } from '@flowferry/core'
import { changeVisibility, queueError, type Receipt, type Sqs, visibilityCeilingSeconds } from './queue.ts'
import { sleep } from './time.ts'

export interface HeartbeatOptions {
  readonly sqs: Sqs
  readonly queueUrl: string
  /** Seconds that each beat hides the messages for; beats come at half of it. */
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
    for (;;) {
      await sleep((visibilitySeconds * 1000) / 2, stopping.signal)
      if (stopping.signal.aborted) return
      // A second of margin: SQS refuses, instead of shortening, what goes beyond its ceiling.
      const seconds = Math.min(visibilitySeconds, Math.floor((ceiling - Date.now()) / 1000) - 1)
      if (seconds < 1) {
        onError(queueError('Messages are in work for 12 hours, and SQS will deliver them again'))
        return
      }
      const started = Date.now()
      const beaten = messages()
      const failures = await changeVisibility(sqs, queueUrl, beaten, seconds, signal)
      if (failures.length < beaten.length) hiddenUntil = started + seconds * 1000
      const current = new Set(messages())
      for (const { message, error } of failures) if (current.has(message)) onError(error)
    }
  }
}
