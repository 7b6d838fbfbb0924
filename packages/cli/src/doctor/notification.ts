import {
  type Event,
  GetBucketNotificationConfigurationCommand,
  type GetBucketNotificationConfigurationCommandOutput,
  type QueueConfiguration,
} from '@aws-sdk/client-s3'
import { toldRegion } from '../aws.ts'
import { plural } from '../text.ts'
import { type Check, failed, fine, found } from './check.ts'
import { otherSenders, type Sender, s3Sender } from './policy.ts'
import { ruleNeeds, rulesTo } from './rules.ts'
import { type NotificationOptions, type Told, type Uploaded, uploads, type Way } from './way.ts'

/** What several ways together tell of one log. */
interface Reach {
  readonly key: string | undefined
  readonly sure: readonly Event[]
  readonly maybe: readonly Event[]
  readonly doubts: readonly string[]
  readonly used: readonly Way[]
}

const check = 'notification'

/**
 * Whether a bucket tells a queue of its logs' uploads, itself or by rules of EventBridge. These are asked where the bucket
 * itself does not tell of all.
 *
 * @returns `senders` are those on whom it hangs; none: that is not known
 */
export async function checkNotification(
  options: NotificationOptions,
): Promise<{ readonly check: Check; readonly senders: readonly Sender[] }> {
  const { s3, bucket, queueArn, policy, objects } = options
  let configured: GetBucketNotificationConfigurationCommandOutput
  try {
    configured = await s3.send(new GetBucketNotificationConfigurationCommand({ Bucket: bucket }))
  } catch (error) {
    return { check: failed(check, error, 's3:GetBucketNotification on the bucket'), senders: [] }
  }
  const { QueueConfigurations = [], TopicConfigurations = [], EventBridgeConfiguration } = configured
  const direct = QueueConfigurations.filter(({ QueueArn }) => QueueArn === queueArn)
  const ways = direct.filter(({ Events = [] }) => Events.some(isUpload)).map((one) => directWay(one, options))
  const reached = await reachOf(ways, objects)
  if (!EventBridgeConfiguration || reached.every(({ sure }) => isWhole(sure))) return verdict(ways, reached)

  let rules: Awaited<ReturnType<typeof rulesTo>>
  let withRules: readonly Reach[]
  const region = queueArn.split(':')[3]
  try {
    const told = (await toldRegion(s3, bucket)) ?? region
    // Its events go to the bus of its own region, whose rules have no queue of another as their target.
    if (told !== region) return elsewhere([`EventBridge of ${told}, the bucket's region`])
    rules = await rulesTo(options)
    withRules = await reachOf([...ways, ...rules.ways], objects)
  } catch (error) {
    return { check: failed(check, error, ruleNeeds), senders: [] }
  }
  return verdict([...ways, ...rules.ways], withRules, rules)

  function verdict(
    all: readonly Way[],
    reach: readonly Reach[],
    { faults, senders, todo: cure }: Partial<Awaited<ReturnType<typeof rulesTo>>> = {},
  ): { readonly check: Check; readonly senders: readonly Sender[] } {
    const todo =
      cure ?? `let s3:ObjectCreated:* of ${bucket} go to ${queueArn}, or turn EventBridge on: examples/lambda/README.md`
    if (all.length === 0) {
      const topics = TopicConfigurations.filter(({ Events = [] }) => Events.some(isUpload))
      if (topics.length > 0) return elsewhere(topics.map(({ TopicArn }) => String(TopicArn)))
      if (EventBridgeConfiguration && otherSenders(policy, queueArn).includes('sns.amazonaws.com'))
        return elsewhere(['EventBridge, none of whose rules has the queue as its target, but a topic may send to it'])
      const what = EventBridgeConfiguration
        ? `the bucket tells EventBridge, and no rule of its default bus in ${region} tells the queue`
        : direct.length > 0
          ? 'the queue is told of no uploads'
          : 'the bucket does not tell the queue of uploads'
      return { check: found(check, 'fault', what, todo, faults), senders: senders ?? [] }
    }
    const used = all.filter((way) => reach.some((one) => one.used.includes(way)))
    const names = (ways: readonly Way[]) => [...new Set(ways.map(({ what }) => what))].join('; ')
    return { check: judged(), senders: used.map(({ sender }) => sender) }

    function judged(): Check {
      const missed = reach.filter(({ maybe }) => maybe.length === 0)
      const partly = reach.filter(({ maybe }) => maybe.length > 0 && !isWhole(maybe))
      const details = [
        ...missed.flatMap(({ key }) => key ?? []),
        ...partly.map(({ key, maybe }) => `${key === undefined ? '' : `${key}: `}only by ${maybe.join(', ')}`),
        ...(faults ?? []),
      ]
      if (missed.length > 0) {
        const isAll = missed.length === reach.length
        const of =
          objects.length === 0
            ? `of no upload below ${options.prefix}`
            : isAll
              ? 'of none of the newest logs'
              : `of all but ${plural(missed.length, 'log')} of ${reach.length}`
        return found(check, isAll ? 'fault' : 'warning', `the queue is told ${of}: ${names(all)}`, todo, details)
      }
      if (partly.length > 0)
        return found(
          check,
          'warning',
          `the queue is told of some kinds of uploads alone: ${names(used)}; large logs are uploaded in parts`,
          todo,
          details,
        )
      const open = reach.filter(({ sure }) => !isWhole(sure))
      if (open.length === 0) return fine(check, `${names(used)} to the queue`)
      const doubts = new Set(open.flatMap((one) => one.doubts))
      const what = `whether ${names(used)} tells the queue of all logs is not known here`
      return found(check, 'unknown', what, 'see that it does: docs/doctor.md', [...doubts])
    }
  }

  function elsewhere(places: readonly string[]): { readonly check: Check; readonly senders: readonly Sender[] } {
    const what = `it goes to ${places.join(' and ')}, and what comes from there to the queue is not told here`
    const todo = 'see that a rule or subscription has the queue as its target, and the queue lets it send'
    return { check: found(check, 'unknown', what, todo), senders: [] }
  }
}

async function reachOf(ways: readonly Way[], objects: readonly Uploaded[]): Promise<Reach[]> {
  const reached: Reach[] = []
  for (const object of objects.length > 0 ? objects : [undefined]) {
    const told: (Told & { readonly way: Way })[] = []
    for (const way of ways) told.push({ way, ...(await way.tells(object)) })
    const eventsOf = (some: readonly Told[]) => [...new Set(some.flatMap(({ events }) => events))]
    const telling = told.filter(({ events }) => events.length > 0)
    reached.push({
      key: object?.key,
      sure: eventsOf(told.filter(({ doubts }) => doubts.length === 0)),
      maybe: eventsOf(told),
      doubts: telling.flatMap(({ doubts }) => doubts),
      used: telling.map(({ way }) => way),
    })
  }
  return reached
}

const isWhole = (events: readonly Event[]) => uploads.every((one) => events.includes(one))
const isUpload = (event: Event) => event.startsWith('s3:ObjectCreated:')

/** By a configuration of the bucket's own. */
function directWay(
  one: QueueConfiguration,
  { bucket, prefix, queueArn, account }: Pick<NotificationOptions, 'bucket' | 'prefix' | 'queueArn' | 'account'>,
): Way {
  const { Events = [] } = one
  const rules = rulesOf(one)
  const filter = rules.map(({ name, value }) => `${name} ${value}`).join(', ')
  const events = uploads.filter((event) => Events.includes(event) || Events.includes('s3:ObjectCreated:*'))
  const none = { events: [], doubts: [] }
  return {
    what: `${Events.join(', ')}${filter === '' ? '' : ` (${filter})`}`,
    sender: s3Sender(bucket, queueArn, account),
    tells: (object) => {
      if (object) return rules.every((rule) => isTold(rule, object.key)) ? { events, doubts: [] } : none
      const mayReach = ({ name, value }: Rule) =>
        name !== 'prefix' || [value, decoded(value)].some((text) => prefix.startsWith(text) || text.startsWith(prefix))
      if (!rules.every(mayReach)) return none
      return { events, doubts: rules.length > 0 ? [`the bucket has no log of late to hold against ${filter}`] : [] }
    },
  }
}

interface Rule {
  readonly name: 'prefix' | 'suffix'
  readonly value: string
}

function rulesOf({ Filter }: QueueConfiguration): Rule[] {
  return (Filter?.Key?.FilterRules ?? []).flatMap(({ Name, Value }) =>
    Value ? [{ name: /^prefix$/i.test(Name ?? '') ? 'prefix' : 'suffix', value: Value }] : [],
  )
}

/**
 * A value may be percent-encoded, as the console asks for it, or be as it is.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html
 */
const isTold = ({ name, value }: Rule, key: string): boolean =>
  [value, decoded(value)].some((text) => (name === 'prefix' ? key.startsWith(text) : key.endsWith(text)))

function decoded(value: string): string {
  try {
    return decodeURIComponent(value.replaceAll('+', ' '))
  } catch {
    return value
  }
}
