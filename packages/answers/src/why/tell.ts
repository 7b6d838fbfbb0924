import { printable } from '@flowferry/core'
import { hostPort, table } from '@flowferry/core/internal'
import { valueAt } from '../documents.ts'
import { isoDate } from '../values.ts'
import type { WhyAnswer } from './between.ts'
import type { Certainty, Diagnosis, Others } from './diagnosis.ts'
import { type Flow, flowOf } from './flow.ts'

const words: Readonly<Record<Certainty, string>> = {
  certain: 'Certain: AWS wrote it in the records.',
  high: 'High: the records leave no other cause.',
  medium: 'Medium: a pattern that has few other explanations.',
  'consistent-with': 'Consistent with the records, no more.',
  'cannot-tell': 'Cannot tell.',
}
const mostShown = 8

/**
 * A diagnosis for people: the answer first, then how sure, the records, what is ruled out and what is not told.
 *
 * @example
 * console.log(tell(diagnosis))
 */
export function tell(diagnosis: Diagnosis & Partial<WhyAnswer>): string {
  const { sentence, tries, onset, ruledOut, cannotTell, changes, next, verify, others } = diagnosis
  const parts = [
    [sentence, sureness(diagnosis), ...extent(tries, onset)],
    section('Asked about', pairLines(diagnosis)),
    section('Evidence', evidenceLines(diagnosis)),
    section('Changed before', changes.slice(0, mostShown).map(changeLine)),
    section(onset === undefined ? 'Others' : `Others since ${onset}`, othersLines(others)),
    section(
      'Ruled out',
      ruledOut.map(({ cause, by }) => `${cause}: ${by}`),
    ),
    section(
      'Cannot tell',
      cannotTell.map(({ what, missing }) => `${what}. Missing: ${missing}`),
    ),
    section('Assumed', diagnosis.assumptions),
    section('Next', next),
    section('To verify', verify),
    [diagnosis.completeUntil === undefined ? 'Complete until: not known' : `Complete until ${diagnosis.completeUntil}`],
  ]
  const text = parts.filter((lines) => lines.length > 0).map((lines) => lines.join('\n'))
  return `${text.join('\n\n').split('\n').map(printable).join('\n')}\n`
}

/** How sure it is, and what would look the same. */
export function sureness({ certainty, alternatives }: Diagnosis): string {
  if (alternatives.length === 0) return words[certainty]
  return `${words[certainty].slice(0, -1)}: ${alternatives.join(', ')} would look the same.`
}

/** Of several addresses each; the first is the one that is told of. */
function pairLines({ pairs = [] }: Partial<WhyAnswer>): string[] {
  if (pairs.length < 2) return []
  return pairs.map(
    ({ a, b, cause, certainty, tries: { all, failed } }) =>
      `${a} to ${b}: ${cause}, ${certainty}; ${failed} of ${all} connections`,
  )
}

export const section = (title: string, lines: readonly string[]): string[] =>
  lines.length > 0 ? [title, ...lines.map((line) => `  ${line}`)] : []

function extent({ all, failed }: Diagnosis['tries'], onset: string | undefined): string[] {
  if (failed === 0) return []
  return [`${failed} of ${all} connections show it${onset === undefined ? '' : `, the first at ${onset}`}.`]
}

function evidenceLines({ evidence }: Diagnosis): string[] {
  const flows = evidence.flatMap((document) => flowOf(document) ?? [])
  if (flows.length === 0) return []
  const lines = table(flows.slice(0, mostShown).map(evidenceRow), '')
  return flows.length > mostShown ? [...lines, `… and ${flows.length - mostShown} more: --json has them whole`] : lines
}

function evidenceRow(flow: Flow): Record<string, string> {
  const {
    document,
    at,
    direction = '-',
    source,
    sourcePort,
    destination,
    destinationPort,
    flags,
    packets,
    bytes,
    lost,
  } = flow
  const set = Object.entries(flags ?? {}).flatMap(([name, isSet]) =>
    isSet && (name !== 'syn' || !flags!.synAck) ? [name === 'synAck' ? 'syn-ack' : name] : [],
  )
  const action =
    lost.length > 0
      ? `lost: ${lost.join(', ')}`
      : flow.rejected
        ? `REJECT${flow.reason ? ` ${flow.reason}` : ''}`
        : 'accept'
  return {
    time: isoDate(flow.start),
    interface: at ?? String(valueAt(document, 'aws.transitgateway.tgw_attachment_id') ?? '-'),
    direction,
    flow: `${hostPort(source, sourcePort)} > ${hostPort(destination, destinationPort)}`,
    flags: set.join(' ') || '-',
    packets: String(packets),
    bytes: bytes === undefined ? '-' : String(bytes),
    action,
  }
}

function changeLine({ secondsBefore, event, resource, by, time }: Diagnosis['changes'][number]): string {
  const when =
    secondsBefore >= 0 ? `changed ${secondsBefore} s before` : `changed ${-secondsBefore} s after its first record`
  return `${when}: ${event} of ${resource} by ${by}, ${time}`
}

function othersLines({ clients, targets }: Diagnosis['others']): string[] {
  const line = (what: string, { seen, answered }: Others) =>
    seen > 0 ? [`${what}: ${answered} of ${seen} got answers`] : []
  return [...line("other clients of B's port", clients), ...line('other targets of A', targets)]
}
