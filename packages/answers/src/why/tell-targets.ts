import { printable } from '@flowferry/core'
import { hostPort } from '@flowferry/core/internal'
import type { FailingTarget, TargetsAnswer } from './targets.ts'
import { section, sureness } from './tell.ts'

const mostShown = 20

/**
 * Which targets fail, for people: the answer first, then each target with its cause.
 *
 * @example
 * console.log(tellTargets(await whyTargets(store.ask, { a: '10.0.3.7', since, until })))
 */
export function tellTargets(answer: TargetsAnswer): string {
  const { sentence, failing, common, cannotTell, completeUntil } = answer
  const more = failing.length - mostShown
  const diagnosed = failing.filter(({ diagnosis }) => diagnosis)
  const parts = [
    [sentence],
    section(
      'In common',
      common.map((one) => one.sentence),
    ),
    section('Failing', [
      ...failing.slice(0, mostShown).map(countsLine),
      ...(more > 0 ? [`… and ${more} more: --json has them`] : []),
    ]),
    ...diagnosed.map(targetLines),
    section(
      'Cannot tell',
      cannotTell.map(({ what, missing }) => `${what}. Missing: ${missing}`),
    ),
    section(
      'Next',
      diagnosed.slice(0, 1).map(({ a, b, port }) => `flowferry why ${a} ${hostPort(b, port)} --from <store>`),
    ),
    [completeUntil === undefined ? 'Complete until: not known' : `Complete until ${completeUntil}`],
  ]
  const text = parts.filter((lines) => lines.length > 0).map((lines) => lines.join('\n'))
  return `${text.join('\n\n').split('\n').map(printable).join('\n')}\n`
}

const titleOf = ({ b, port, name }: FailingTarget) => `${name === undefined ? '' : `${name} `}${hostPort(b, port)}`

function countsLine(target: FailingTarget): string {
  const { requests, unanswered, refused, rejected, diagnosis } = target
  const counts = [
    ...(unanswered > 0 ? [`${unanswered} unanswered`] : []),
    ...(refused > 0 ? [`${refused} reset`] : []),
    ...(rejected > 0 ? [`${rejected} rejected`] : []),
  ]
  return `${titleOf(target)}: ${counts.join(', ')} of ${requests} records${diagnosis ? `; ${diagnosis.cause}, ${diagnosis.certainty}` : ''}`
}

function targetLines(target: FailingTarget): string[] {
  const { diagnosis } = target
  if (!diagnosis) return []
  const [change] = diagnosis.changes
  return [
    titleOf(target),
    ...[
      diagnosis.sentence,
      sureness(diagnosis),
      ...(diagnosis.onset === undefined ? [] : [`It began at ${diagnosis.onset}.`]),
      ...(change && change.secondsBefore >= 0
        ? [`changed ${change.secondsBefore} s before: ${change.event} of ${change.resource} by ${change.by}`]
        : []),
    ].map((line) => `  ${line}`),
  ]
}
