import {
  type FlowferryError,
  type IngestOptions,
  ingest,
  type ObjectReport,
  type Report,
  type SourceMessage,
} from '@flowferry/core'
import { consume, type S3, type Sqs, s3Objects } from '@flowferry/source-s3'
import type { Printed } from './printed.ts'

export interface QueueTail {
  readonly url: string
  readonly sqs: Sqs
  readonly s3: S3
  readonly pipeline: Omit<IngestOptions<unknown>, 'source' | 'onObject' | 'keepReports' | 'signal'>
  readonly printed: Printed
  /** Ends it, behind the messages that are being printed. */
  readonly signal: AbortSignal
  readonly onObject: (report: ObjectReport) => void
  /** Gets what is no object's failure: of a receive, a delete, a message that names nothing. */
  readonly onTrouble: (error: FlowferryError) => void
}

/**
 * Prints the objects that the messages of a queue name, and deletes each message when its objects are printed, until the
 * signal aborts. One that fails comes again, as the queue has it.
 *
 * @throws FlowferryError QUEUE_FAILED, and a code that begins with SOURCE_ where the first receive is refused
 */
export async function tailQueue({ url, sqs, s3, pipeline, printed, signal, ...tail }: QueueTail): Promise<void> {
  const { onObject, onTrouble } = tail
  await consume(
    url,
    async (messages, drained) => {
      const reports: Report[] = []
      for (const round of roundsOf(s3Objects(messages, { s3 }))) {
        const report = await ingest({
          ...pipeline,
          source: round.map((message) => ({
            ...message,
            objects: message.objects.flatMap((object) => printed.rest(object) ?? []),
          })),
          signal: drained,
          onObject: (one) => {
            // The message comes again, for whoever tails the queue next.
            if (signal.aborted && one.error?.code === 'ABORTED') return
            printed.settle(one)
            onObject(one)
          },
        })
        for (const { error } of report.messages) if (error) onTrouble(error)
        reports.push(report)
        if (report.stopped) break
      }
      // Messages that no round came to are in no report, and come again.
      return { ...reports.at(-1)!, messages: reports.flatMap((report) => report.messages) }
    },
    // One batch at a time: no receive is on its way when the last document is printed. Ctrl-C waits for one, and for what is
    // being printed.
    { sqs, signal, concurrency: 1, waitSeconds: 5, drainMilliseconds: 10_000, onError: onTrouble },
  )
}

/** Messages that name an object which another one names, too, come behind it: whether that was printed, its outcome tells. */
function roundsOf(messages: readonly SourceMessage[]): SourceMessage[][] {
  const rounds: { readonly messages: SourceMessage[]; readonly names: Set<string> }[] = []
  for (const message of messages) {
    const names = message.objects.map(({ bucket, key }) => `${bucket}/${key}`)
    const before = rounds.findLastIndex((round) => names.some((name) => round.names.has(name)))
    rounds[before + 1] ??= { messages: [], names: new Set() }
    const round = rounds[before + 1]!
    round.messages.push(message)
    for (const name of names) round.names.add(name)
  }
  return rounds.map((round) => round.messages)
}
