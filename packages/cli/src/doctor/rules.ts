import {
  DescribeRuleCommand,
  type EventBridgeClient,
  ListRuleNamesByTargetCommand,
  ListTargetsByRuleCommand,
  type Target,
  TestEventPatternCommand,
} from '@aws-sdk/client-eventbridge'
import { shellWord } from '@flowferry/core/internal'
import type { Sender } from './policy.ts'
import { type NotificationOptions, type Told, type Uploaded, uploads, type Way } from './way.ts'

/** What it takes to ask. */
export const ruleNeeds =
  'events:ListRuleNamesByTarget, events:DescribeRule, events:ListTargetsByRule and events:TestEventPattern'

/** Where S3's events go. https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventBridge.html */
const EventBusName = 'default'

/** What each of `uploads` is called there. https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html */
const reasons = ['PutObject', 'CompleteMultipartUpload', 'CopyObject']

interface Rules {
  readonly ways: readonly Way[]
  /** Why other rules that have the queue as their target tell it nothing. */
  readonly faults: readonly string[]
  /** Of all rules that would tell it, these others among them. */
  readonly senders: readonly Sender[]
  readonly todo: string
}

type Json = Readonly<Record<string, unknown>>

/**
 * The rules by which EventBridge tells a queue of a bucket's uploads. EventBridge itself holds each pattern against an event
 * of each log, as S3 sends it; what nobody knows of an event before it is there is left out, and told as a doubt.
 *
 * @throws what EventBridge refuses with
 */
export async function rulesTo(options: NotificationOptions): Promise<Rules> {
  const { queueArn } = options
  const eventBridge = await options.eventBridge()
  const ways: Way[] = []
  const faults: string[] = []
  const senders: Sender[] = []
  const disabled: string[] = []
  const names = await paged((NextToken) =>
    eventBridge
      .send(new ListRuleNamesByTargetCommand({ TargetArn: queueArn, EventBusName, NextToken }))
      .then(({ RuleNames: items, NextToken }) => ({ items, NextToken })),
  )
  for (const Name of names) {
    const { EventPattern, State, Arn = '' } = await eventBridge.send(new DescribeRuleCommand({ Name, EventBusName }))
    if (EventPattern === undefined) {
      faults.push(`the rule ${Name} is of a schedule, and takes no events`)
      continue
    }
    const sender: Sender = {
      service: 'events.amazonaws.com',
      name: 'EventBridge',
      sourceArn: Arn,
      of: `the rule ${Name}`,
      account: Arn.split(':')[4],
    }
    senders.push(sender)
    if (State === 'DISABLED') {
      faults.push(`the rule ${Name} is disabled`)
      disabled.push(Name)
      continue
    }
    const targets = await paged((NextToken) =>
      eventBridge
        .send(new ListTargetsByRuleCommand({ Rule: Name, EventBusName, NextToken }))
        .then(({ Targets: items, NextToken }) => ({ items, NextToken })),
    )
    const sent = targets.filter((target) => target.Arn === queueArn && target.Input === undefined).map(changeOf)
    if (sent.length === 0) {
      faults.push(`the rule ${Name} sends a text of its own, Input, which names no object`)
      continue
    }
    const change = sent.includes(undefined) ? undefined : sent[0]
    const doubts = change === undefined ? [] : [`the rule ${Name} sends ${change}`]
    ways.push({
      what: `EventBridge's rule ${Name}`,
      sender,
      tells: async (object) => {
        const told = await taken({ eventBridge, name: Name, pattern: EventPattern, options, object })
        return { ...told, doubts: [...told.doubts, ...doubts] }
      },
    })
  }
  return { ways, faults, senders, todo: cure() }

  function cure(): string {
    const [first] = disabled
    const region = queueArn.split(':')[3]
    const { bucket } = options
    if (first !== undefined) return `aws events enable-rule --region ${region} --name ${shellWord(first)}`
    const wanted = `Object Created of ${bucket}`
    const model = 'as examples/lambda/template.yaml has it'
    return ways.length > 0
      ? `let the pattern of one rule take all of ${wanted}, ${model}`
      : `make a rule for ${wanted} with ${queueArn} as its target, ${model}`
  }
}

async function paged<T>(
  ask: (
    token: string | undefined,
  ) => Promise<{ readonly items?: T[] | undefined; readonly NextToken?: string | undefined }>,
): Promise<T[]> {
  const all: T[] = []
  let token: string | undefined
  do {
    const { items = [], NextToken } = await ask(token)
    all.push(...items)
    token = NextToken
  } while (token !== undefined)
  return all
}

/**
 * What a target makes of an event; none: it goes on as it is.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
 */
function changeOf({ InputPath = '$', InputTransformer }: Target): string | undefined {
  if (!InputTransformer)
    return InputPath === '$' ? undefined : `${InputPath} of an event alone, which only an \`envelope\` of yours reads`
  const { InputTemplate = '', InputPathsMap = {} } = InputTransformer
  const [, name] = /^\s*<([^<>]+)>\s*$/.exec(InputTemplate) ?? []
  const isWhole = name !== undefined && (/^aws\.events\.event(?:\.json)?$/.test(name) || InputPathsMap[name] === '$')
  return isWhole ? undefined : 'what an input transformer makes of an event, which only an `envelope` of yours reads'
}

interface Asked {
  readonly eventBridge: EventBridgeClient
  readonly name: string
  readonly pattern: string
  readonly options: NotificationOptions
  readonly object: Uploaded | undefined
}

/** Which uploads of a log a pattern takes. */
async function taken({ eventBridge, name, pattern, options, object }: Asked): Promise<Told> {
  const { known, open } = split(JSON.parse(pattern), eventOf(options, object, reasons[0]!))
  const doubts = open.map((path) => `the rule ${name} asks for ${path}, which is not known here`)
  const takes = async (reason: string) => {
    // All events: EventBridge knows no empty pattern.
    if (Object.keys(known).length === 0) return true
    const { Result = false } = await eventBridge.send(
      new TestEventPatternCommand({
        // Numbers are held against an event as they are written, 300.0 is not 300.
        EventPattern: open.length === 0 ? pattern : JSON.stringify(known),
        Event: JSON.stringify(eventOf(options, object, reason)),
      }),
    )
    return Result
  }
  // One request for all of them, where none is asked for.
  if (!JSON.stringify(known).includes('"reason"')) return { events: (await takes(reasons[0]!)) ? uploads : [], doubts }
  const results: boolean[] = []
  for (const reason of reasons) results.push(await takes(reason))
  return { events: uploads.filter((_, index) => results[index]), doubts }
}

/** An event as S3 sends it, with what is known of it beforehand. https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html */
function eventOf(
  { bucket, queueArn, account }: NotificationOptions,
  object: Uploaded | undefined,
  reason: string,
): Json {
  const [, partition, , region, owner] = queueArn.split(':')
  return {
    version: '0',
    id: '00000000-0000-4000-8000-000000000000',
    'detail-type': 'Object Created',
    source: 'aws.s3',
    account: account ?? owner,
    time: new Date().toISOString(),
    region,
    resources: [`arn:${partition}:s3:::${bucket}`],
    detail: { version: '0', bucket: { name: bucket }, ...(object && { object }), reason },
  }
}

/** What of a pattern can be held against an event, and the paths of what it lacks. Without these a pattern takes no less. */
function split(pattern: Json, event: Json): { readonly known: Json; readonly open: readonly string[] } {
  const known: Record<string, unknown> = {}
  const open: string[] = []
  for (const [name, wanted] of Object.entries(pattern)) {
    // Any of several.
    if (name === '$or') {
      const lacking = (wanted as readonly Json[]).flatMap((one) => split(one, event).open)
      if (lacking.length === 0) known[name] = wanted
      open.push(...lacking)
    } else if (Array.isArray(wanted)) {
      if (event[name] === undefined) open.push(name)
      else known[name] = wanted
    } else {
      const inner = split(wanted as Json, (event[name] ?? {}) as Json)
      if (Object.keys(inner.known).length > 0) known[name] = inner.known
      open.push(...inner.open.map((path) => `${name}.${path}`))
    }
  }
  return { known, open: [...new Set(open)] }
}
