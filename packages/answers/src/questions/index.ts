import { cdnErrors, cdnHits } from './cdn.ts'
import type { DailyQuestion } from './daily.ts'
import { iamErrors } from './iam-errors.ts'
import { logGaps } from './log-gaps.ts'
import { matrix } from './matrix.ts'
import { networkChanges } from './network-changes.ts'
import { rejectedNow } from './rejected-now.ts'
import { signIns } from './sign-ins.ts'
import { talkers } from './talkers.ts'

/**
 * The questions of every day, in the order of a list of help. A new one is a file beside these, and a line here.
 *
 * @example
 * const { rows } = await store.ask(dailyQuestions[0].over({ from, to }))
 */
export const dailyQuestions: readonly DailyQuestion[] = [
  rejectedNow,
  talkers,
  matrix,
  networkChanges,
  iamErrors,
  signIns,
  cdnErrors,
  cdnHits,
  logGaps,
]
