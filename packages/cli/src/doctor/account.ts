import { errorCodes } from '@flowferry/core'
import { awsErrorCode } from '@flowferry/source-s3'
import { type Check, fine, found } from './check.ts'

export interface Identity {
  readonly account: string
  readonly arn: string
}

/**
 * Who the credentials are of, and in which region. STS needs no permission.
 *
 * @returns `lack` is what nothing else can be asked without. Where STS gave no answer, nothing is: S3 and SQS may have an
 *   endpoint in a network that STS has none in
 */
export async function checkAccount(
  region: () => Promise<string>,
  identity: () => Promise<Identity>,
): Promise<{ readonly checks: readonly Check[]; readonly account?: string; readonly lack?: string }> {
  const checks: Check[] = []
  try {
    checks.push(fine('region', await region()))
  } catch (error) {
    checks.push(found('region', 'fault', (error as Error).message, 'set AWS_REGION, or a profile that has one'))
    return { checks, lack: 'a region' }
  }
  try {
    const { account, arn } = await identity()
    checks.push(fine('credentials', arn))
    return { checks, account }
  } catch (error) {
    const code = awsErrorCode(error)
    const reach = 'see that STS can be reached: aws sts get-caller-identity'
    const { message, $metadata } = error as Error & { readonly $metadata?: { readonly httpStatusCode?: number } }
    const isAnswered = code !== undefined || $metadata?.httpStatusCode !== undefined
    if (!isAnswered || code === 'SOURCE_UNREACHABLE' || code === 'SOURCE_OVERLOADED') {
      checks.push(found('credentials', 'unknown', message, reach))
      return { checks }
    }
    checks.push(found('credentials', 'fault', message, code ? errorCodes[code].advice : reach))
    return { checks, lack: 'credentials' }
  }
}
