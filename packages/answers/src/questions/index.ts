import { cdnErrors, cdnHits } from './cdn.ts'
import type { DailyQuestion } from './daily.ts'
import { health } from './health.ts'
import { iamChanges } from './iam-changes.ts'
import { iamErrors } from './iam-errors.ts'
import { logGaps } from './log-gaps.ts'
import { matrix } from './matrix.ts'
import { networkChanges } from './network-changes.ts'
import { newExternal } from './new-external.ts'
import { rejectedNow } from './rejected-now.ts'
import { signIns } from './sign-ins.ts'
import { talkers } from './talkers.ts'
import { unanswered } from './unanswered.ts'

/**
 * The questions of every day, in the order of a list of help. A new one is a file beside these, and a line here.
 *
 * @example
 * const { rows } = await askDaily(store, dailyQuestions[0], { from, to })
 */
export const dailyQuestions: readonly DailyQuestion[] = [
  rejectedNow,
  unanswered,
  talkers,
  matrix,
  newExternal,
  networkChanges,
  iamChanges,
  iamErrors,
  signIns,
  cdnErrors,
  cdnHits,
  logGaps,
  health,
]
