import { GetQueueAttributesCommand, GetQueueUrlCommand } from '@aws-sdk/client-sqs'
import { shellWord } from '@flowferry/core/internal'
import type { Sqs } from '@flowferry/source-s3'
import { count, duration, plural } from '../text.ts'
import { type Check, failed, fine, found, notChecked } from './check.ts'
import { maySend, otherSenders, type Sender } from './policy.ts'

export interface QueueOptions {
  readonly sqs: Sqs
  readonly url: string
  /** Milliseconds that the function may take. @default it is not known */
  readonly functionTimeout?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/** A visibility timeout is to be six times the function's. https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html */
const timeouts = 6
/** https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html#events-sqs-queueconfig */
const leastReceives = 5

type Attributes = Readonly<Record<string, string>>

/** A queue's settings, and what waits in it and behind it. `attributes` are there where it answered. */
export async function checkQueue(
  options: QueueOptions,
): Promise<{ readonly checks: readonly Check[]; readonly attributes?: Attributes }> {
  const { url } = options
  let attributes: Attributes
  try {
    attributes = await attributesOf(options, url)
  } catch (error) {
    if (isGone(error))
      return { checks: [found('queue', 'fault', `${url} is not there`, 'see the region, account and name of --queue')] }
    return { checks: [failed('queue', error, 'sqs:GetQueueAttributes on the queue')] }
  }
  const { QueueArn: arn = '', ApproximateNumberOfMessages: waiting = '0' } = attributes
  const { ApproximateNumberOfMessagesNotVisible: inWork = '0' } = attributes
  const region = arn.split(':')[3] ?? ''
  const name = arn.split(':')[5] ?? ''
  return {
    attributes,
    checks: [
      fine('queue', `${plural(Number(waiting), 'message')} waiting, ${count(Number(inWork))} in work`),
      visibility(Number(attributes.VisibilityTimeout), options.functionTimeout),
      ...(await deadLetters(options, attributes)),
      notChecked(
        'oldest message',
        `only CloudWatch tells its age: aws cloudwatch get-metric-statistics --region ${region} --namespace AWS/SQS --metric-name ApproximateAgeOfOldestMessage --dimensions Name=QueueName,Value=${name} --statistics Maximum --period 300 --start-time <an hour ago> --end-time <now>`,
      ),
    ],
  }

  function visibility(seconds: number, functionTimeout: number | undefined): Check {
    const check = 'visibility'
    const what = `a message is hidden for ${seconds} s`
    if (functionTimeout === undefined)
      return fine(check, `${what}: enough for a function whose timeout is up to ${Math.floor(seconds / timeouts)} s`)
    const wanted = Math.ceil((timeouts * functionTimeout) / 1000)
    if (seconds >= wanted) return fine(check, `${what}, six times the function's timeout or more`)
    const isShorter = seconds * 1000 < functionTimeout
    return found(
      check,
      isShorter ? 'fault' : 'warning',
      `${what}, and the function takes up to ${duration(functionTimeout)}: messages come again while they are in work`,
      `aws sqs set-queue-attributes --queue-url ${shellWord(url)} --attributes VisibilityTimeout=${wanted}`,
    )
  }
}

const isGone = (error: unknown) => /NonExistentQueue|QueueDoesNotExist/.test((error as Error).name)

async function attributesOf({ sqs, signal }: QueueOptions, QueueUrl: string): Promise<Record<string, string>> {
  const command = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] })
  const { Attributes = {} } = await sqs.send(command, { ...(signal && { abortSignal: signal }) })
  return Attributes as Record<string, string>
}

async function deadLetters(options: QueueOptions, attributes: Attributes): Promise<Check[]> {
  const { sqs, signal } = options
  const check = 'redrive policy'
  const { deadLetterTargetArn, maxReceiveCount } = JSON.parse(attributes.RedrivePolicy ?? '{}')
  if (typeof deadLetterTargetArn !== 'string')
    return [
      found(
        check,
        'warning',
        'none: a message that crashes its consumer comes again until it expires, and then it is lost',
        'make a dead-letter queue, and set RedrivePolicy, as docs/dead-letters.md advises',
      ),
    ]
  const receives = Number(maxReceiveCount)
  const what = `after ${plural(receives, 'receive')} to ${deadLetterTargetArn}`
  const checks: Check[] = [
    receives >= leastReceives
      ? fine(check, what)
      : found(
          check,
          'warning',
          `${what}: throttled invocations count, too`,
          `AWS advises maxReceiveCount ${leastReceives} or more`,
        ),
  ]
  const [, , , , owner, name] = deadLetterTargetArn.split(':')
  try {
    const command = new GetQueueUrlCommand({ QueueName: name!, QueueOwnerAWSAccountId: owner! })
    const { QueueUrl = '' } = await sqs.send(command, { ...(signal && { abortSignal: signal }) })
    const dead = await attributesOf(options, QueueUrl)
    const letters =
      Number(dead.ApproximateNumberOfMessages ?? 0) + Number(dead.ApproximateNumberOfMessagesNotVisible ?? 0)
    checks.push(
      letters === 0
        ? fine('dead letters', 'none')
        : found(
            'dead letters',
            'warning',
            `${plural(letters, 'message')} could not be stored`,
            `flowferry dlq group ${shellWord(QueueUrl)}`,
          ),
    )
    const [its, main] = [dead, attributes].map(({ MessageRetentionPeriod }) => Number(MessageRetentionPeriod))
    // A moved message keeps its age.
    if (its! < main!)
      checks.push(
        found(
          'retention',
          'warning',
          `the dead-letter queue keeps a message for ${its! / 86_400} days since it was first sent, and the queue itself for ${main! / 86_400}: it may be gone at once`,
          `aws sqs set-queue-attributes --queue-url ${shellWord(QueueUrl)} --attributes MessageRetentionPeriod=1209600`,
        ),
      )
  } catch (error) {
    const needs = 'sqs:GetQueueUrl and sqs:GetQueueAttributes on the dead-letter queue'
    checks.push(
      isGone(error)
        ? found('dead letters', 'fault', `${deadLetterTargetArn} is not there`, 'make it, or set another RedrivePolicy')
        : failed('dead letters', error, needs),
    )
  }
  return checks
}

/**
 * Whether a service may send to a queue, and encrypt with its key.
 *
 * @param isKnown Whether uploads come that way; where that is not known, another service may stand in for S3
 */
export function checkSender(attributes: Attributes, sender: Sender, isKnown: boolean): Check[] {
  return [policyCheck(attributes, sender, isKnown), ...keyCheck(attributes, sender)]
}

function policyCheck({ Policy, QueueArn = '' }: Attributes, sender: Sender, isKnown: boolean): Check {
  const check = 'queue policy'
  const { service, name, of, sourceArn } = sender
  const todo = `allow ${service} sqs:SendMessage on ${QueueArn} where aws:SourceArn is ${sourceArn}: docs/trust.md`
  const verdict = maySend(Policy, QueueArn, sender)
  if (verdict === 'allowed') return fine(check, `${name} may send for ${of}`)
  if (verdict === 'unknown')
    return found(
      check,
      'unknown',
      `whether ${name} may send for ${of} hangs on conditions that are not known here`,
      todo,
    )
  const [other] = isKnown || verdict === 'denied' ? [] : otherSenders(Policy, QueueArn)
  if (other !== undefined)
    return found(
      check,
      'unknown',
      `${other} may send, and ${name} itself may not: whether uploads to ${of} come that way is not told here`,
      `see that what ${other} sends is of ${of} alone: docs/trust.md`,
    )
  const what = verdict === 'denied' ? `a statement forbids ${name} to send` : `nothing allows ${name} to send for ${of}`
  return found(check, 'fault', what, todo)
}

/**
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html#key-policy-sns-sqs
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-troubleshooting.html
 */
function keyCheck({ KmsMasterKeyId: key }: Attributes, { service, name }: Sender): Check[] {
  if (!key) return []
  const check = 'queue key'
  const todo = `take a key of your own, whose policy allows ${service} kms:GenerateDataKey and kms:Decrypt, or SqsManagedSseEnabled`
  return [
    /(?:^|\/)aws\/sqs$/.test(key)
      ? found(check, 'fault', `${key} is AWS's own, which ${name} may not use: its messages are lost`, todo)
      : found(check, 'unknown', `${key} encrypts messages, and whether ${name} may use it only its policy says`, todo),
  ]
}
