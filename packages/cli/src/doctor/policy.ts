/** What a queue's policy says of a service, as far as it is known without AWS: three values, since conditions may be of what nobody here knows. */
export type Verdict = 'allowed' | 'denied' | 'not allowed' | 'unknown'

interface Statement {
  readonly Effect?: string
  readonly Principal?: string | Readonly<Record<string, string | readonly string[]>>
  readonly Action?: string | readonly string[]
  readonly Resource?: string | readonly string[]
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}

/** A service that is to send to a queue. */
export interface Sender {
  readonly service: 's3.amazonaws.com' | 'events.amazonaws.com'
  /** What it is called. */
  readonly name: string
  /** In whose name it sends: the bucket's, or the rule's. */
  readonly sourceArn: string
  /** The same, to be read. */
  readonly of: string
  /** That this is of; unknown: it may be another's. */
  readonly account?: string | undefined
}

/** S3 for a bucket, whose ARN has no account: it may be another's than that of the credentials. */
export const s3Sender = (bucket: string, queueArn: string, account: string | undefined): Sender => ({
  service: 's3.amazonaws.com',
  name: 'S3',
  sourceArn: `arn:${queueArn.split(':')[1]}:s3:::${bucket}`,
  of: bucket,
  account,
})

/** `undefined`: it is not known. */
type Ternary = boolean | undefined

/**
 * Whether a service may send to a queue.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
 *
 * @param policy The queue's attribute `Policy`; none: nobody but its account may send
 * @throws SyntaxError where the policy is no JSON
 * @example
 * const verdict = maySend(Attributes.Policy, QueueArn, s3Sender('my-logs', QueueArn, account))
 */
export function maySend(policy: string | undefined, queueArn: string, sender: Sender): Verdict {
  const statements = statementsOf(policy)
  const applies = (effect: string) =>
    statements.filter(({ Effect }) => Effect === effect).map((statement) => fits(statement, queueArn, sender))
  const [denies, allows] = [applies('Deny'), applies('Allow')]
  if (denies.includes(true)) return 'denied'
  if (!allows.includes(true) && !allows.includes(undefined)) return 'not allowed'
  return denies.includes(undefined) || !allows.includes(true) ? 'unknown' : 'allowed'
}

/** Services that may send to a queue in S3's place: they are told of uploads, and pass them on. */
export function otherSenders(policy: string | undefined, queueArn: string): readonly string[] {
  const services = statementsOf(policy).flatMap(({ Effect, Principal, Action, Resource }) =>
    Effect === 'Allow' && typeof Principal === 'object' && isSend(list(Action)) && isQueue(list(Resource), queueArn)
      ? list(Principal.Service)
      : [],
  )
  return services.filter((service) => ['events.amazonaws.com', 'sns.amazonaws.com'].includes(service))
}

function fits(statement: Statement, queueArn: string, sender: Sender): Ternary {
  const { Principal, Action, Resource, Condition = {} } = statement
  return all([
    // NotPrincipal, NotAction and NotResource are rare, and AWS advises against them.
    Principal === undefined ? undefined : isPrincipal(Principal, sender),
    Action === undefined ? undefined : isSend(list(Action)),
    Resource === undefined ? undefined : isQueue(list(Resource), queueArn),
    ...Object.entries(Condition).flatMap(([operator, keys]) =>
      Object.entries(keys).map(([key, value]) => holds(operator, key.toLowerCase(), list(value).map(String), sender)),
    ),
  ])
}

function statementsOf(policy: string | undefined): readonly Statement[] {
  const { Statement } = (policy ? JSON.parse(policy) : {}) as { Statement?: Statement | readonly Statement[] }
  return list(Statement)
}

const isSend = (actions: readonly string[]) => actions.some((one) => matches(one.toLowerCase(), 'sqs:sendmessage'))
const isQueue = (resources: readonly string[], queueArn: string) => resources.some((one) => matches(one, queueArn))

function isPrincipal(principal: NonNullable<Statement['Principal']>, { service }: Sender): boolean {
  if (typeof principal === 'string') return principal === '*'
  return list(principal.Service).includes(service) || list(principal.AWS).includes('*')
}

function holds(operator: string, key: string, values: readonly string[], sender: Sender): Ternary {
  const { sourceArn, account } = sender
  const plain = operator.replace(/IfExists$/, '')
  if (key === 'aws:securetransport' && plain === 'Bool') return values.includes('true')
  if (key === 'aws:sourcearn') {
    if (/^(?:ArnEquals|ArnLike|StringLike)$/.test(plain)) return values.some((value) => matches(value, sourceArn))
    if (plain === 'StringEquals') return values.includes(sourceArn)
  }
  if (key === 'aws:sourceaccount' && /^String(?:Equals|Like)$/.test(plain))
    // Another account may be the bucket's.
    return account !== undefined && values.some((value) => matches(value, account)) ? true : undefined
  return undefined
}

function all(parts: readonly Ternary[]): Ternary {
  if (parts.includes(false)) return false
  return parts.includes(undefined) ? undefined : true
}

const list = <T>(value: T | readonly T[] | undefined): readonly T[] =>
  value === undefined ? [] : ([value].flat() as T[])

/** `*` is any characters, `?` one. */
function matches(pattern: string, text: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${source}$`, 's').test(text)
}
