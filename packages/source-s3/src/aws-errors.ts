import type { ErrorCode, FlowferryError } from '@flowferry/core'

/**
 * What an error of S3, SQS, KMS or STS is, by the name that the service or the SDK gives it. The one place where names of
 * AWS's errors are known. Codes that begin with `SOURCE_` are outages: the fault is not the object's, so that no message
 * may lose an attempt by it.
 *
 * https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/CommonErrors.html
 * https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html#API_Decrypt_Errors
 */
const namesByCode = {
  SOURCE_CREDENTIALS: [
    'ExpiredToken',
    'ExpiredTokenException',
    'TokenRefreshRequired',
    'InvalidToken',
    'InvalidSecurity',
    'InvalidAccessKeyId',
    'InvalidClientTokenId',
    'UnrecognizedClientException',
    'MissingAuthenticationToken',
    'MissingAuthenticationTokenException',
    'MissingSecurityHeader',
    'SignatureDoesNotMatch',
    'InvalidSignatureException',
    'IncompleteSignature',
    'IncompleteSignatureException',
    // Of the SDK, where it finds no credentials or may not take the role.
    'CredentialsProviderError',
    'TokenProviderError',
  ],
  SOURCE_CLOCK: ['RequestTimeTooSkewed', 'RequestExpired'],
  SOURCE_REGION: ['PermanentRedirect', 'AuthorizationHeaderMalformed', 'IllegalLocationConstraintException'],
  SOURCE_KEY: [
    'KMS.DisabledException',
    'KMS.KMSInvalidStateException',
    'KMS.KMSInvalidMacException',
    'KMS.NotFoundException',
    'KMS.AccessDeniedException',
    'KMS.InvalidKeyUsageException',
    'KMS.KeyUnavailableException',
    'KMS.InvalidGrantTokenException',
    // As SQS names them.
    'KmsDisabled',
    'KmsInvalidState',
    'KmsNotFound',
    'KmsAccessDenied',
    'KmsInvalidKeyUsage',
    'KmsOptInRequired',
  ],
  SOURCE_ACCOUNT: [
    'AccountProblem',
    'AllAccessDisabled',
    'NotSignedUp',
    'OptInRequired',
    'InvalidPayer',
    'UserSuspended',
  ],
  SOURCE_OVERLOADED: [
    'SlowDown',
    'ServiceUnavailable',
    'BandwidthLimitExceeded',
    'RequestLimitExceeded',
    'RequestThrottled',
    'RequestThrottledException',
    'Throttling',
    'ThrottlingException',
    'ThrottledException',
    'TooManyRequestsException',
    'KMS.ThrottlingException',
    'KMS.LimitExceededException',
    'KmsThrottled',
    // Of SQS: 120,000 messages are in flight.
    'OverLimit',
  ],
  SOURCE_UNREACHABLE: [
    'TemporaryRedirect',
    'BadGateway',
    'GatewayTimeout',
    // Of Node, where no connection comes about.
    'ECONNREFUSED',
    'ENOTFOUND',
    'EAI_AGAIN',
    'EHOSTUNREACH',
    'ENETUNREACH',
    'ETIMEDOUT',
    'UnknownEndpoint',
    'TimeoutError',
    'KMS.KMSInternalException',
    'KMS.DependencyTimeoutException',
  ],
  // One object's or one bucket's.
  OBJECT_ARCHIVED: ['InvalidObjectState'],
  BUCKET_NOT_FOUND: ['NoSuchBucket'],
  OBJECT_NOT_FOUND: ['NoSuchKey', 'NoSuchVersion'],
  OBJECT_FORBIDDEN: ['AccessDenied'],
  OBJECT_SUPERSEDED: ['PreconditionFailed'],
} as const satisfies Partial<Record<ErrorCode, readonly string[]>>

/** What AWS can answer with: outages, whose codes begin with `SOURCE_`, and what is of one object or bucket. */
export type AwsErrorCode = keyof typeof namesByCode

const codes: ReadonlyMap<string, AwsErrorCode> = new Map(
  Object.entries(namesByCode).flatMap(([code, names]) => names.map((name) => [name, code as AwsErrorCode])),
)

/** Where the name is another service's or none: a proxy's answer, or that to a HEAD. */
const codesByStatus: ReadonlyMap<number | undefined, AwsErrorCode> = new Map([
  [301, 'SOURCE_REGION'],
  [404, 'OBJECT_NOT_FOUND'],
  [403, 'OBJECT_FORBIDDEN'],
  [412, 'OBJECT_SUPERSEDED'],
  [429, 'SOURCE_OVERLOADED'],
  [502, 'SOURCE_UNREACHABLE'],
  [503, 'SOURCE_OVERLOADED'],
  [504, 'SOURCE_UNREACHABLE'],
])

/**
 * The code of an error that a client of S3, SQS, KMS or STS threw; undefined for one that the table does not know.
 *
 * @example
 * const code = awsErrorCode(error)
 * if (code === 'SOURCE_CREDENTIALS') await renew()
 */
export function awsErrorCode(error: unknown): AwsErrorCode | undefined {
  const { name, code, message, status } = partsOf(error)
  // SQS and STS say so of a clock; S3 has a name of its own.
  if (/^Signature (?:expired|not yet current)/.test(message)) return 'SOURCE_CLOCK'
  // Where a key refuses, S3 says AccessDenied as for the object.
  if (name === 'AccessDenied' && /\bkms:[A-Z]|\bKMS\b/.test(message)) return 'SOURCE_KEY'
  if (message.startsWith('Region is missing')) return 'SOURCE_REGION'
  if (/^Could not load credentials/.test(message)) return 'SOURCE_CREDENTIALS'
  const known = codes.get(name) ?? codes.get(code)
  if (known) return known
  return /^(?:KMS\.|Kms[A-Z])/.test(name) ? 'SOURCE_KEY' : codesByStatus.get(status)
}

/** The code of an outage, where the error is one: everybody's fault, and no object's. */
export function outageCode(error: unknown): AwsErrorCode | undefined {
  const code = awsErrorCode(error)
  return code?.startsWith('SOURCE_') ? code : undefined
}

const outages: ReadonlySet<ErrorCode> = new Set(
  Object.keys(namesByCode).filter((code): code is AwsErrorCode => code.startsWith('SOURCE_')),
)

/** Whether the error is an outage of the source: S3, its keys, or the way there. */
export function isSourceOutage(error: FlowferryError | undefined): boolean {
  return error !== undefined && outages.has(error.code)
}

/** Whether an outage may be that of one bucket or key alone, so that other buckets can be read meanwhile. */
export function isOfOneBucket({ code }: FlowferryError): boolean {
  return code === 'SOURCE_REGION' || code === 'SOURCE_KEY'
}

function partsOf(error: unknown): { name: string; code: string; message: string; status: number | undefined } {
  const { name, code, Code, message, $metadata } = (error ?? {}) as Record<string, unknown> & {
    $metadata?: { httpStatusCode?: number }
  }
  return {
    // Of SQS's older protocol: `AWS.SimpleQueueService.NonExistentQueue`.
    name: String(name ?? '').replace(/^AWS\.SimpleQueueService\./, ''),
    code: String(code ?? Code ?? ''),
    message: String(message ?? ''),
    status: $metadata?.httpStatusCode,
  }
}
