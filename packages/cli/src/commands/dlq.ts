import type { DeadLetter, DeadLetterGroup, DeadLetterGroupKey } from '@flowferry/source-s3'
import { sqsClient } from '../aws.ts'
import { type ExitCode, type Io, line, queueUrl } from '../io.ts'
import { asJson, endOf } from '../report.ts'
import { age, plural, table } from '../text.ts'

export interface DlqOptions {
  readonly by?: DeadLetterGroupKey
  readonly limit?: number
  readonly json?: boolean
}

/** `flowferry dlq group`: what is in a dead-letter queue, counted. */
export async function dlqGroup(url: string, options: DlqOptions, io: Io): Promise<ExitCode> {
  const { by = 'cause', json = false } = options
  const { seen, groups, failures } = await inspect(url, options, io)
  if (json) {
    line(io.stdout, JSON.stringify({ messages: seen, by, groups, failures: failures.map(asJson) }))
  } else if (seen === 0) {
    line(io.stdout, 'The dead-letter queue is empty.')
  } else {
    for (const text of groupsTable(groups, by)) line(io.stdout, text)
    line(io.stdout)
    line(io.stdout, `${plural(seen, 'message')}, all visible again`)
  }
  return endOf(failures, io)
}

/** `flowferry dlq list`: each message, a line. */
export async function dlqList(url: string, options: Omit<DlqOptions, 'by'>, io: Io): Promise<ExitCode> {
  const letters: DeadLetter[] = []
  const onDeadLetter = (letter: DeadLetter) => {
    if (options.json) line(io.stdout, JSON.stringify(letter))
    else letters.push({ ...letter, body: '' })
  }
  const { seen, failures } = await inspect(url, options, io, onDeadLetter)
  if (!options.json) {
    if (seen === 0) line(io.stdout, 'The dead-letter queue is empty.')
    else for (const text of lettersTable(letters)) line(io.stdout, text)
  }
  return endOf(failures, io)
}

async function inspect(url: string, { by, limit }: DlqOptions, io: Io, onDeadLetter?: (letter: DeadLetter) => void) {
  queueUrl('dlq', url)
  const { inspectDeadLetters } = await import('@flowferry/source-s3')
  return inspectDeadLetters({
    sqs: await sqsClient(io, url),
    queueUrl: url,
    ...(by && { by }),
    ...(limit !== undefined && { limit }),
    ...(onDeadLetter && { onDeadLetter }),
    ...(io.signal && { signal: io.signal }),
  })
}

function groupsTable(groups: readonly DeadLetterGroup[], by: DeadLetterGroupKey): string[] {
  return table(
    groups.map(({ name, messages, oldest, example }) => ({
      [by]: name,
      messages,
      oldest: oldest ? age(oldest) : '-',
      example: example ?? '-',
    })),
  )
}

function lettersTable(letters: readonly DeadLetter[]): string[] {
  return table(
    letters.map(({ cause, sentAt, objects }) => ({
      cause: cause?.code ?? 'UNKNOWN',
      attempts: cause?.attempts ?? null,
      age: sentAt ? age(sentAt) : '-',
      object: objects[0] ? `s3://${objects[0].bucket}/${objects[0].key}` : '-',
    })),
  )
}
