import type { FlowferryError } from './errors.ts'
import type { Counts, MessageReport, ObjectReport, Report } from './types.ts'

export function emptyCounts(): Counts {
  return { read: 0, written: 0, duplicate: 0, rejected: 0, filtered: 0, malformed: 0, unfinished: 0 }
}

function sumCounts(all: Iterable<Readonly<Counts>>): Counts {
  const sum = emptyCounts()
  for (const counts of all) for (const name of Object.keys(sum) as (keyof Counts)[]) sum[name] += counts[name]
  return sum
}

/** Whether every record that was read has its fate: what a report promises. */
export function addsUp(counts: Readonly<Counts>): boolean {
  const { read, written, duplicate, rejected, filtered, malformed, unfinished } = counts
  return read === written + duplicate + rejected + filtered + malformed + unfinished
}

export function reportOf(
  messages: readonly MessageReport[],
  milliseconds: number,
  stopped: FlowferryError | undefined,
  incomplete: boolean,
): Report {
  const objects: ObjectReport[] = messages.flatMap((message) => message.objects)
  return {
    ok: !incomplete && messages.every(({ status }) => status === 'done'),
    messages,
    counts: sumCounts(objects.map(({ counts }) => counts)),
    objects: objects.length,
    bytes: objects.reduce((bytes, object) => bytes + object.bytes, 0),
    milliseconds,
    ...(stopped && { stopped }),
    ...(incomplete && { incomplete }),
  }
}
