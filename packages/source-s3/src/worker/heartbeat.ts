import type { FlowferryError } from '@flowferry/core'
import { changeVisibility, maxVisibilitySeconds, queueError, type Receipt, type Sqs } from '../queue/queue.ts'
import { sleep } from '../queue/time.ts'

export interface HeartbeatOptions {
  readonly sqs: Sqs
  readonly queueUrl: string
  /**
   * Seconds for which each beat hides the messages. The next beat comes after half of them, and after a tenth when a
   * beat failed.
   */
  readonly visibilitySeconds: number
  /** The messages still in work, called at each beat. */
  readonly messages: () => readonly Receipt[]
  readonly onError: (error: FlowferryError) => void
  /** Aborts the request of a beat, for which `stop` would wait. */
  readonly signal?: AbortSignal
}

export interface Heartbeat {
  /** Ends the beats. Resolves when no request is on its way, so that a later change of visibility is the last one. */
  readonly stop: () => Promise<void>
  /** Whether the messages may be visible to other receivers: no beat succeeded in time, or 12 hours are over. */
  readonly expired: () => boolean
}

/**
 * Keeps messages hidden while they are in work, from their receive until `stop`.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html
 */
export function startHeartbeat(options: HeartbeatOptions): Heartbeat {
  const { sqs, queueUrl, visibilitySeconds, messages, onError, signal } = options
  const received = Date.now()
  const stopping = new AbortController()
  let hiddenUntil = received + visibilitySeconds * 1000
  const ceiling = received + maxVisibilitySeconds * 1000
  const beats = beat()

  return {
    stop: () => {
      stopping.abort()
      return beats
    },
    expired: () => Date.now() >= Math.min(hiddenUntil, ceiling),
  }

  async function beat(): Promise<void> {
    const retrySeconds = visibilitySeconds / 10
    // A request without a response ends early enough for several more before the visibility timeout.
    const timeoutSeconds = Math.min(15, Math.max(2, retrySeconds))
    for (let pause = visibilitySeconds / 2; ; ) {
      await sleep(pause * 1000, stopping.signal)
      if (stopping.signal.aborted) return
      // One second less than the ceiling: SQS refuses a time beyond it, and does not shorten it.
      const seconds = Math.min(visibilitySeconds, Math.floor((ceiling - Date.now()) / 1000) - 1)
      if (seconds < 1) {
        onError(queueError('Messages are in work for 12 hours, and SQS will deliver them again'))
        return
      }
      const started = Date.now()
      const extended = messages()
      const failures = await changeVisibility(sqs, queueUrl, extended, seconds, signal, timeoutSeconds)
      if (failures.length < extended.length) hiddenUntil = started + seconds * 1000
      // A message that was finished meanwhile may fail, since it is deleted.
      const inWork = new Set(messages())
      const relevant = failures.filter(({ message }) => inWork.has(message))
      for (const { error } of relevant) onError(error)
      pause = relevant.some(({ error }) => error.retryable) ? retrySeconds : visibilitySeconds / 2
    }
  }
}
