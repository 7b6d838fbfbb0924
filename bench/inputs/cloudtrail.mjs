// CloudTrail events, as its files have them: one line, `{"Records":[…]}`.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference.html
import { calls } from './cloudtrail-calls.mjs'
import { isoSeconds, random, start } from './random.mjs'

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'
const key = `${letters}234567`
const base64 = `${letters}${letters.toLowerCase()}0123456789+/`

const agents = [
  'Boto3/1.34.131 md/Botocore#1.34.131 ua/2.0 os/linux#5.10.219-208.866.amzn2.x86_64 md/arch#x86_64 lang/python#3.11.8 md/pyimpl#CPython cfg/retry-mode#standard Botocore/1.34.131',
  'aws-sdk-go-v2/1.30.3 os/linux lang/go#1.22.5 md/GOOS#linux md/GOARCH#amd64 api/ec2#1.170.0',
  'APN/1.0 HashiCorp/1.0 Terraform/1.9.2 (+https://www.terraform.io) terraform-provider-aws/5.60.0 aws-sdk-go-v2/1.30.3 os/linux lang/go#1.22.5 md/GOOS#linux md/GOARCH#amd64 api/iam#1.34.3',
  'aws-cli/2.17.18 md/awscrt#0.20.11 ua/2.0 os/macos#23.5.0 md/arch#arm64 lang/python#3.11.9 cfg/retry-mode#standard md/installer#source md/prompt#off md/command#s3api.list-objects',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36',
  'kubernetes/v1.29.6 (linux/amd64) kubernetes/0000000 aws-sdk-go/1.53.0 (go1.22.4; linux; amd64) ELBV2-controller/2.8.1',
]
const awsServices = ['ec2', 'autoscaling', 'lambda', 'eks', 'delivery.logs', 'config'].map(
  (name) => `${name}.amazonaws.com`,
)

/** The account's roles, users, buckets, keys and addresses. */
function createAccount({ next, between, pick, text, hex, uuid }) {
  const id = String(between(1e11, 1e12))
  const list = (length, make) => Array.from({ length }, make)
  return {
    id,
    roles: list(60, () => ({
      id: `AROA${text(key, 17)}`,
      name: `${pick(['eks-node', 'ci-deploy', 'app', 'lambda-exec', 'etl', 'admin', 'backup'])}-role-${hex(4)}`,
    })),
    users: ['alice', 'bob', 'carol.smith', 'deploy-bot', 'terraform', 'security-audit'].map((name) => ({
      id: `AIDA${text(key, 17)}`,
      name,
    })),
    buckets: ['logs', 'data-lake', 'artifacts', 'backups', 'www', 'tfstate', 'etl-staging', 'models'].map(
      (name) => `corp-${name}-${hex(6)}`,
    ),
    keys: list(12, () => `arn:aws:kms:us-east-1:${id}:key/${uuid()}`),
    addresses: [
      ...list(300, () => `${pick([3, 18, 34, 52, 54, 203])}.${next(256)}.${next(256)}.${between(1, 255)}`),
      ...list(200, () => `10.0.${next(32)}.${between(1, 255)}`),
    ],
  }
}

function identity({ share, between, pick, text, hex, skewed }, account, seconds) {
  const kind = share()
  if (kind >= 0.72 && kind < 0.9) return { type: 'AWSService', invokedBy: pick(awsServices) }
  if (kind >= 0.9) {
    const { id, name } = pick(account.users)
    return {
      type: 'IAMUser',
      principalId: id,
      arn: `arn:aws:iam::${account.id}:user/${name}`,
      accountId: account.id,
      accessKeyId: `AKIA${text(key, 16)}`,
      userName: name,
    }
  }
  const { id, name } = skewed(account.roles, 14)
  const session = pick([
    `i-0${hex(16)}`,
    `botocore-session-${between(1e9, 2e9)}`,
    'GitHubActions',
    `aws-go-sdk-17${hex(17)}`,
  ])
  return {
    type: 'AssumedRole',
    principalId: `${id}:${session}`,
    arn: `arn:aws:sts::${account.id}:assumed-role/${name}/${session}`,
    accountId: account.id,
    accessKeyId: `ASIA${text(key, 16)}`,
    sessionContext: {
      sessionIssuer: {
        type: 'Role',
        principalId: id,
        arn: `arn:aws:iam::${account.id}:role/${name}`,
        accountId: account.id,
        userName: name,
      },
      webIdFederationData: {},
      attributes: { creationDate: isoSeconds(seconds - between(60, 20_000)), mfaAuthenticated: 'false' },
      ...(session.startsWith('i-') && { ec2RoleDelivery: '2.0' }),
    },
  }
}

function event(drawn, account, seconds) {
  const { share, pick, uuid } = drawn
  const who = identity(drawn, account, seconds)
  const call = calls({ ...drawn, key, base64 }, account, seconds)
  const service = who.type === 'AWSService'
  const denied = share() < 0.04
  return {
    eventVersion: pick(['1.08', '1.09', '1.10', '1.11']),
    userIdentity: who,
    eventTime: isoSeconds(seconds),
    eventSource: call.source,
    eventName: call.name,
    awsRegion: 'us-east-1',
    sourceIPAddress: service ? who.invokedBy : pick(account.addresses),
    userAgent: service ? who.invokedBy : pick(agents),
    ...(denied && {
      errorCode: pick(['AccessDenied', 'Client.UnauthorizedOperation', 'NoSuchKey', 'ThrottlingException']),
      errorMessage: `User: ${who.arn ?? call.source} is not authorized to perform: ${call.name} on resource: "*" because no identity-based policy allows the action`,
    }),
    requestParameters: call.request,
    responseElements: denied ? null : (call.response ?? null),
    ...(call.additional && { additionalEventData: call.additional }),
    requestID: uuid(),
    eventID: uuid(),
    readOnly: call.readOnly,
    ...(call.resources && { resources: call.resources }),
    eventType: call.name === 'ConsoleLogin' ? 'AwsConsoleSignIn' : 'AwsApiCall',
    managementEvent: call.category !== 'Data',
    recipientAccountId: account.id,
    ...(call.sharedEventID && { sharedEventID: call.sharedEventID }),
    eventCategory: call.category ?? 'Management',
    ...(!service &&
      share() < 0.8 && {
        tlsDetails: {
          tlsVersion: 'TLSv1.3',
          cipherSuite: 'TLS_AES_128_GCM_SHA256',
          clientProvidedHostHeader: call.source.replace('.amazonaws', '.us-east-1.amazonaws'),
        },
      }),
  }
}

/**
 * The elements alone, each with a comma behind it: what a file of any length is put together from.
 *
 * @param added Members that each event has besides.
 */
export function* cloudTrailRecords(records, added = {}) {
  const drawn = random(21)
  const account = createAccount(drawn)
  let seconds = start
  for (let i = 0; i < records; i++) {
    if (drawn.share() < 0.25) seconds++
    yield `${JSON.stringify({ ...event(drawn, account, seconds), ...added })},`
  }
}

export function* cloudTrail(records, added) {
  yield '{"Records":['
  let before = ''
  for (const record of cloudTrailRecords(records, added)) {
    yield before
    before = record
  }
  yield `${before.slice(0, -1)}]}`
}
