import type { FlowferryError } from '@flowferry/core'
import { type DeadLetter, walkDeadLetters } from './dead-letters.ts'
import type { EnvelopeHook } from './envelope.ts'
import { client, invalid, optionalFunction, queueAddress, wholeNumber } from './options.ts'
import type { Sqs } from './queue.ts'

/** What dead letters are grouped by: the cause's code, or the bucket, folder or account of the object that failed. */
export type DeadLetterGroupKey = (typeof groupKeys)[number]
const groupKeys = ['cause', 'bucket', 'prefix', 'account'] as const

export interface InspectDeadLettersOptions {
  /** It needs ReceiveMessage and ChangeMessageVisibility on the queue. */
  readonly sqs: Sqs
  /** URL of the dead-letter queue. */
  readonly queueUrl: string
  /** Default `cause`. */
  readonly by?: DeadLetterGroupKey
  /** Called with each message. A throw ends the inspection. */
  readonly onLetter?: (letter: DeadLetter) => void
  /** Messages to look at, 1 and more. Default: all. */
  readonly limit?: number
  /** Reads bodies that are not S3 events as AWS sends them, as for `s3Objects`. Default: none. */
  readonly envelope?: EnvelopeHook
  /** Seconds for which messages are hidden, 10 to 43,200, extended while it runs, and ended with it. Default 60. */
  readonly visibilitySeconds?: number
  /** Ends it early; what was seen until then is the result. */
  readonly signal?: AbortSignal
}

export interface DeadLetterGroup {
  /** `OBJECT_FORBIDDEN`; `logs`; `s3://logs/AWSLogs/123456789012/vpcflowlogs/eu-central-1/`; `123456789012`; or `UNKNOWN`. */
  readonly name: string
  readonly messages: number
  /** When the oldest message was sent. */
  readonly oldest?: Date
  /** One of the objects: `s3://bucket/key`. */
  readonly example?: string
  /** What one of the causes says. */
  readonly reason?: string
}

export interface DeadLetterInspection {
  readonly seen: number
  /** The largest first. */
  readonly groups: readonly DeadLetterGroup[]
  /** What SQS refused: a message that could not be released is visible again after `visibilitySeconds`. */
  readonly failures: readonly FlowferryError[]
}

/**
 * Looks at every message of a dead-letter queue and counts them in groups. All are visible again afterwards; each look
 * counts as one more receive. Of a FIFO queue SQS shows the first ten messages of each group.
 *
 * @throws FlowferryError INVALID_OPTION, QUEUE_FAILED when the queue cannot be read
 */
export async function inspectDeadLetters(options: InspectDeadLettersOptions): Promise<DeadLetterInspection> {
  const { sqs, queueUrl, by = 'cause', onLetter, visibilitySeconds = 60 } = options
  const { limit = Number.MAX_SAFE_INTEGER, envelope, signal } = options
  client('sqs', sqs)
  queueAddress('queueUrl', queueUrl)
  if (!groupKeys.includes(by)) throw invalid(`\`by\` takes ${groupKeys.join(', ')}`)
  wholeNumber('limit', limit, 1, Number.MAX_SAFE_INTEGER)
  optionalFunction('onLetter', onLetter)
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
    visit: async (letters) => {
      for (const { message: _, ...letter } of letters.slice(0, limit - seen)) {
        seen++
        onLetter?.(letter)
        const name = groupOf(letter, by)
        groups.set(name, joined(groups.get(name), name, letter))
      }
      return seen >= limit
    },
  })
  return { seen, groups: [...groups.values()].sort((a, b) => b.messages - a.messages), failures }
}

function joined(group: DeadLetterGroup | undefined, name: string, letter: DeadLetter): DeadLetterGroup {
  const place = placeOf(letter)
  const sentAt = letter.sentAt
  const oldest = group?.oldest && !(sentAt && sentAt < group.oldest) ? group.oldest : sentAt
  const example = group?.example ?? (place && `s3://${place.bucket}/${place.key}`)
  const reason = group?.reason ?? letter.cause?.message
  return {
    name,
    messages: (group?.messages ?? 0) + 1,
    ...(oldest && { oldest }),
    ...(example !== undefined && { example }),
    ...(reason !== undefined && { reason }),
  }
}

/** The object that failed; where nothing says which, the first that the message names. */
function placeOf({ cause, objects }: DeadLetter): { bucket: string; key: string } | undefined {
  return cause?.bucket !== undefined && cause.key !== undefined ? { bucket: cause.bucket, key: cause.key } : objects[0]
}

function groupOf(letter: DeadLetter, by: DeadLetterGroupKey): string {
  if (by === 'cause') return letter.cause?.code ?? 'UNKNOWN'
  const place = placeOf(letter)
  if (!place) return 'UNKNOWN'
  if (by === 'bucket') return place.bucket
  if (by === 'prefix') return `s3://${place.bucket}/${folderOf(place.key)}`
  return accountOf(place.key) ?? 'UNKNOWN'
}

/** A key's folders up to the first that is a year or another part of a date. */
function folderOf(key: string): string {
  const folders = key.split('/').slice(0, -1)
  const date = folders.findIndex((folder) =>
    /^(?:\d{4}|(?:year|month|day|hour|date|dt)=.*|\d{4}-\d{2}.*)$/i.test(folder),
  )
  return folders
    .slice(0, date === -1 ? undefined : date)
    .map((folder) => `${folder}/`)
    .join('')
}

/** As AWS's services lay their logs out: plain, hive and organization. */
function accountOf(key: string): string | undefined {
  return /(?:^|\/)AWSLogs\/(?:o-[a-z0-9]+\/)?(?:aws-account-id=)?(\d{12})\//.exec(key)?.[1]
}
