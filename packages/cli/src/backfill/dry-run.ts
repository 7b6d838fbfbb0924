import type { ArchiveObject, ArchiveOptions, S3Clients } from '@flowferry/source-s3'
import { type ExitCode, exitCodes, type Io, line } from '../io.ts'
import { bytes, count, plural, table } from '../text.ts'
import type { Reading } from './reading.ts'
import type { BackfillCommandOptions, BackfillRequest } from './request.ts'
import { costs, expectDocuments, type Found, survey } from './survey.ts'

/** Tells what a backfill would do: objects, bytes, documents and dollars, the last two estimated. Writes nothing. */
export async function dryRun(
  list: (more: Pick<ArchiveOptions, 'onRequest'>) => AsyncIterable<ArchiveObject>,
  request: BackfillRequest,
  { parser, filter }: Reading,
  options: BackfillCommandOptions,
  io: Io,
  s3: S3Clients,
): Promise<ExitCode> {
  const { from, to, way = 'sink' } = request
  const found = new Map<string, Found>()
  let lists = 0
  for await (const object of list({ onRequest: () => lists++ })) survey(found, object)
  const objects = sum(found, (one) => one.objects)

  const whole = way !== 'sink'
  const services: {
    service: string
    objects: number
    bytes: number
    documents: number | undefined
    sampled: number
  }[] = []
  for (const [service, one] of [...found].sort()) {
    const documents = await expectDocuments(one, s3, {
      parser,
      // The consumers of a queue know nothing of the span.
      ...(!whole && { filter }),
      ...(io.signal && { signal: io.signal }),
    })
    services.push({ service, objects: one.objects, bytes: one.bytes, documents, sampled: one.sample.length })
  }
  // The work lists as much again, twice: once for itself, once for the time that is left.
  const messages = Math.ceil(objects / (options.recordsPerMessage ?? 1))
  const cost = costs(way, { objects, lists: 3 * lists, messages })
  const dollars = cost.reduce((total, row) => total + row.dollars, 0)
  const asOf = cost.map(({ checked }) => checked).sort()[0]
  const archived = sum(found, (one) => one.archived)

  if (options.json) {
    const span = { from: from.toISOString(), to: to.toISOString() }
    line(io.stdout, JSON.stringify({ dryRun: true, ...span, objects, services, archived, cost, dollars, prices: asOf }))
    return exitCodes.ok
  }
  line(io.stdout, `records from ${from.toISOString()} to before ${to.toISOString()}`)
  const documents = (value: number | undefined) => (value === undefined ? 'unknown' : `${count(Math.round(value))}`)
  const rows = services.map((one) => ({
    service: one.service,
    objects: one.objects,
    stored: bytes(one.bytes),
    'documents, about': one.documents === undefined ? 'unknown' : Math.round(one.documents),
  }))
  for (const text of table(rows)) line(io.stdout, text)
  if (services.length > 1)
    line(io.stdout, `  in all ${plural(objects, 'object')}, ${bytes(sum(found, (one) => one.bytes))}`)
  if (archived > 0)
    line(io.stdout, `${plural(archived, 'object')} in an archive tier of S3: restore them first, or they fail`)
  if (whole) line(io.stdout, 'whole files are indexed this way: records around the span come along, each once')
  if (objects === 0) return exitCodes.ok
  line(
    io.stdout,
    `documents are estimated from ${services.map(({ sampled, documents: d, service }) => `${sampled} ${service} (${documents(d)})`).join(', ')}`,
  )
  line(
    io.stdout,
    `requests to AWS, at its prices for us-east-1 of ${asOf} or later, an estimate (transfer within a region is free):`,
  )
  const priced = cost.map(({ what, requests, dollars }) => ({ what, requests, $: dollars.toFixed(4) }))
  for (const text of table(priced)) line(io.stdout, text)
  line(
    io.stdout,
    `  in all $${dollars.toFixed(4)}; today's: https://aws.amazon.com/s3/pricing/, https://aws.amazon.com/sqs/pricing/`,
  )
  return exitCodes.ok
}

function sum(found: ReadonlyMap<unknown, Found>, of: (one: Found) => number): number {
  return [...found.values()].reduce((total, one) => total + of(one), 0)
}
