import type { FlowferryError } from '@flowferry/core'
import type { EnvelopeHook } from '../events/envelope.ts'
import { client, invalid, optionalFunction, queueAddress, wholeNumber } from '../queue/options.ts'
import type { Sqs } from '../queue/queue.ts'
import { type DeadLetter, walkDeadLetters } from './walk.ts'

/**
 * The property by which dead letters are grouped: the cause's code, or the failed object's bucket, prefix or account.
 */
export type DeadLetterGroupKey = (typeof groupKeys)[number]
const groupKeys = ['cause', 'bucket', 'prefix', 'account'] as const

export interface InspectDeadLettersOptions {
  /** An SQS client. Needs sqs:ReceiveMessage and sqs:ChangeMessageVisibility on the queue. */
  readonly sqs: Sqs
  /** URL of the dead-letter queue. */
  readonly queueUrl: string
  /**
   * Property by which the messages are grouped.
   * @default 'cause': it tells which groups to mend first
   */
  readonly by?: DeadLetterGroupKey
  /**
   * Called with each message. An error that it throws ends the inspection.
   * @default none: only the groups are of interest
   */
  readonly onDeadLetter?: (deadLetter: DeadLetter) => void
  /**
   * Messages to inspect, from 1.
   * @default all
   */
  readonly limit?: number
  /**
   * Reads bodies other than AWS's S3 events, as for `s3Objects`.
   * @default none
   */
  readonly envelope?: EnvelopeHook
  /**
   * Seconds for which messages are hidden, 10 to 43,200, extended until the inspection ends.
   * @default 60: after a crash, the messages are visible again within a minute
   */
  readonly visibilitySeconds?: number
  /**
   * Ends the inspection early, with the groups so far.
   * @default none
   */
  readonly signal?: AbortSignal
}

/** Dead letters that have something in common. */
export interface DeadLetterGroup {
  /**
   * `OBJECT_FORBIDDEN`; `logs`; `s3://logs/AWSLogs/123456789012/vpcflowlogs/eu-central-1/`; `123456789012`; or
   * `UNKNOWN`.
   */
  readonly name: string
  readonly messages: number
  /** Time when the oldest message was sent. */
  readonly oldest?: Date
  /** One of the objects: `s3://bucket/key`. */
  readonly example?: string
  /** The message of one of the causes. */
  readonly reason?: string
}

/** What `inspectDeadLetters` found. */
export interface DeadLetterInspection {
  /** Messages inspected. */
  readonly seen: number
  /** Groups of messages, the largest first. */
  readonly groups: readonly DeadLetterGroup[]
  /** Errors of SQS. A message that could not be made visible is visible again after `visibilitySeconds`. */
  readonly failures: readonly FlowferryError[]
}

/**
 * Counts the messages of a dead-letter queue in groups. All are visible again afterwards, with one receive more. Of a
 * FIFO queue SQS shows the first ten messages of each group.
 *
 * @throws FlowferryError INVALID_OPTION, QUEUE_FAILED when the queue cannot be read; any error of `onDeadLetter`
 * @example
 * const { groups } = await inspectDeadLetters({ sqs, queueUrl, by: 'cause' })
 * for (const { name, messages, reason } of groups) console.log(messages, name, reason)
 */
export async function inspectDeadLetters(options: InspectDeadLettersOptions): Promise<DeadLetterInspection> {
  const { sqs, queueUrl, by = 'cause', onDeadLetter, visibilitySeconds = 60 } = options
  const { limit = Number.MAX_SAFE_INTEGER, envelope, signal } = options
  client('sqs', sqs)
  queueAddress('queueUrl', queueUrl)
  if (!groupKeys.includes(by)) throw invalid(`\`by\` takes ${groupKeys.join(', ')}`)
  wholeNumber('limit', limit, 1, Number.MAX_SAFE_INTEGER)
  optionalFunction('onDeadLetter', onDeadLetter)
  optionalFunction('envelope', envelope)
  wholeNumber('visibilitySeconds', visibilitySeconds, 10, 43_200)

  const groups = new Map<string, DeadLetterGroup>()
  let seen = 0
  const failures = await walkDeadLetters({
    sqs,
    queueUrl,
    visibilitySeconds,
    envelope,
    signal,
    visit: async (deadLetters) => {
      for (const { message: _, ...deadLetter } of deadLetters.slice(0, limit - seen)) {
        seen++
        onDeadLetter?.(deadLetter)
        const name = groupOf(deadLetter, by)
        groups.set(name, addToGroup(groups.get(name), name, deadLetter))
      }
      return seen >= limit
    },
  })
  return { seen, groups: [...groups.values()].sort((a, b) => b.messages - a.messages), failures }
}

function addToGroup(group: DeadLetterGroup | undefined, name: string, deadLetter: DeadLetter): DeadLetterGroup {
  const place = failedObject(deadLetter)
  const sentAt = deadLetter.sentAt
  const oldest = group?.oldest && !(sentAt && sentAt < group.oldest) ? group.oldest : sentAt
  const example = group?.example ?? (place && `s3://${place.bucket}/${place.key}`)
  const reason = group?.reason ?? deadLetter.cause?.message
  return {
    name,
    messages: (group?.messages ?? 0) + 1,
    ...(oldest && { oldest }),
    ...(example !== undefined && { example }),
    ...(reason !== undefined && { reason }),
  }
}

/** The object in the cause; without one, the first that the message names. */
function failedObject({ cause, objects }: DeadLetter): { bucket: string; key: string } | undefined {
  return cause?.bucket !== undefined && cause.key !== undefined ? { bucket: cause.bucket, key: cause.key } : objects[0]
}

function groupOf(deadLetter: DeadLetter, by: DeadLetterGroupKey): string {
  if (by === 'cause') return deadLetter.cause?.code ?? 'UNKNOWN'
  const place = failedObject(deadLetter)
  if (!place) return 'UNKNOWN'
  if (by === 'bucket') return place.bucket
  if (by === 'prefix') return `s3://${place.bucket}/${prefixOf(place.key)}`
  return accountOf(place.key) ?? 'UNKNOWN'
}

/** A key's prefix up to the first folder that is a part of a date: `AWSLogs/123456789012/vpcflowlogs/eu-central-1/`. */
function prefixOf(key: string): string {
  const folders = key.split('/').slice(0, -1)
  const date = folders.findIndex((folder) =>
    /^(?:\d{4}|(?:year|month|day|hour|date|dt)=.*|\d{4}-\d{2}.*)$/i.test(folder),
  )
  return folders
    .slice(0, date === -1 ? undefined : date)
    .map((folder) => `${folder}/`)
    .join('')
}

/** The account in a key of AWS's layouts: plain, Hive-compatible and organization. */
function accountOf(key: string): string | undefined {
  return /(?:^|\/)AWSLogs\/(?:o-[a-z0-9]+\/)?(?:aws-account-id=)?(\d{12})\//.exec(key)?.[1]
}
