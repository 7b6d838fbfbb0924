import type { Alert } from './alert.ts'
import { consoleWithoutMfa, credentialsCreated, deniedBurst, rootUsed } from './audit.ts'
import { cdnFailing, cdnHitRatio } from './cdn.ts'
import { flowLogGap } from './flow-log-gap.ts'
import { loggingStopped } from './logging-stopped.ts'
import { ownRejects, portScan, replyRejected, vpcControls } from './network.ts'
import { openToWorld } from './open-to-world.ts'
import { cdnBehind, deadLetters, flowsBehind, trailBehind } from './pipeline.ts'
import { egressSpike, talkerJump } from './spikes.ts'
import { serviceUnanswered } from './unanswered.ts'

/**
 * The alerts that flowferry has, in the order of a list of help. A new one is a declaration beside these, and a line here.
 *
 * @example
 * const { findings, state } = await evaluate(store, alerts, { formats: parser.formats, state: before })
 */
export const alerts: readonly Alert[] = [
  ownRejects,
  serviceUnanswered,
  replyRejected,
  portScan,
  egressSpike,
  talkerJump,
  vpcControls,
  flowLogGap,
  rootUsed,
  consoleWithoutMfa,
  deniedBurst,
  openToWorld,
  loggingStopped,
  credentialsCreated,
  cdnFailing,
  cdnHitRatio,
  flowsBehind,
  trailBehind,
  cdnBehind,
  deadLetters,
]
