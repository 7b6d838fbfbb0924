import { errorCodes } from '@flowferry/core'
import { awsErrorCode } from '@flowferry/source-s3'
import { type Check, fine, found } from './check.ts'

export interface Identity {
  readonly account: string
  readonly arn: string
}

/** Who the credentials are of, and in which region. STS needs no permission. */
export async function checkAccount(
  region: () => Promise<string>,
  identity: () => Promise<Identity>,
): Promise<{ readonly checks: readonly Check[]; readonly account?: string }> {
  const checks: Check[] = []
  try {
    checks.push(fine('region', await region()))
  } catch (error) {
    checks.push(found('region', 'fault', (error as Error).message, 'set AWS_REGION, or a profile that has one'))
    return { checks }
  }
  try {
    const { account, arn } = await identity()
    checks.push(fine('credentials', arn))
    return { checks, account }
  } catch (error) {
    const code = awsErrorCode(error)
    const todo = code ? errorCodes[code].advice : 'see that STS can be reached: aws sts get-caller-identity'
    checks.push(found('credentials', 'fault', (error as Error).message, todo))
    return { checks }
  }
}
