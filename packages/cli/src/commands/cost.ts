import type { ArchiveOptions } from '@flowferry/source-s3'
import { s3Client } from '../aws.ts'
import { meant } from '../backfill/select.ts'
import type { Settings } from '../config/settings.ts'
import { estimate } from '../cost/estimate.ts'
import { type Figure, type Known, type Section, sections, sumOf } from '../cost/figure.ts'
import { type Holding, statedHolding } from '../cost/holding.ts'
import { listedHoldings } from '../cost/listing.ts'
import type { Prices } from '../cost/prices.ts'
import { pricesFrom } from '../cost/prices-file.ts'
import { printFigures } from '../cost/print.ts'
import { assumptionsOf, type CostCommandOptions, type CostRequest, costRequest } from '../cost/request.ts'
import { logFormatNames, namesByKind, parserFor } from '../formats.ts'
import { type ExitCode, exitCodes, type Io, line, note, UsageError } from '../io.ts'
import { count, plural } from '../text.ts'

export type { CostCommandOptions }

interface Month {
  readonly holdings: readonly Holding[]
  readonly lists: Known
  readonly archived: number
}

/** `flowferry cost`: what a month of logs costs on S3, to index, and elsewhere. Writes nothing. */
export async function costCommand(
  source: string | undefined,
  options: CostCommandOptions,
  io: Io,
  settings: Settings,
): Promise<ExitCode> {
  const request = costRequest(source, options)
  const prices = await pricesFrom(options.prices)
  const { holdings, lists, archived } =
    request.from === 'listing' ? await listed(request, options, io, settings) : await stated(request, options, settings)
  if (holdings.length === 0) {
    line(io.stderr, 'no log files were found')
    return exitCodes.failed
  }
  const figures = estimate(holdings, assumptionsOf(options, lists), prices)
  if (options.json) line(io.stdout, JSON.stringify(asData(figures, archived, prices)))
  else {
    printFigures(io, figures)
    if (archived > 0)
      line(
        io.stdout,
        `${plural(archived, 'listed file')} in an archive tier: storage costs less, and reading a restore`,
      )
    line(io.stdout, 'US dollars, without free tiers, tax, transfer, KMS and the machines of the cluster: docs/cost.md')
  }
  return exitCodes.ok
}

async function listed(
  { bucket, prefix, span, late, scale, isMeant }: CostRequest & { from: 'listing' },
  { format = [], account = [], region = [], sample = 20 }: CostCommandOptions,
  io: Io,
  settings: Settings,
): Promise<Month> {
  const s3 = await s3Client(io)
  const { archiveObjects } = await import('@flowferry/source-s3')
  const all = logFormatNames(settings)
  const wanted = await parserFor(format.length > 0 ? format : all, undefined, settings)
  const signal = io.signal && { signal: io.signal }
  const onNote = (text: string) => note(io, text)
  let requests = 0
  const archive: ArchiveOptions = {
    s3,
    bucket,
    prefix,
    parser: wanted,
    accounts: account,
    regions: region,
    ...span,
    ...(late !== undefined && { late }),
    ...signal,
    onRequest: () => requests++,
    onNote,
  }
  const found = await listedHoldings(meant(archiveObjects(archive), isMeant), {
    s3,
    parser: await parserFor(all, undefined, settings),
    names: await namesByKind(format.length > 0 ? format : undefined, settings),
    sample,
    scale,
    onNote,
    ...signal,
  })
  return { ...found, lists: { value: requests * scale.value, origin: `listed${scale.origin}` } }
}

async function stated(
  { format, files }: CostRequest & { from: 'statement' },
  { gb, expandedGb, records }: CostCommandOptions,
  settings: Settings,
): Promise<Month> {
  const { formats } = await parserFor([format], undefined, settings)
  const holding = statedHolding(format, {
    kind: formats[0]!.kind,
    files,
    ...(gb !== undefined && { gb }),
    ...(expandedGb !== undefined && { expandedGb }),
    ...(records !== undefined && { records }),
  })
  if (typeof holding === 'string') throw new UsageError(holding)
  const pages = Math.max(1, Math.ceil(files / 1000))
  return { holdings: [holding], archived: 0, lists: { value: pages, origin: `${count(1000)} files a page` } }
}

/** The same as the tables, with the prices' pages: `null` where something is not known. */
function asData(figures: readonly Figure[], archived: number, prices: Prices) {
  const total = ([section, title]: [Section, string]) => [section, { title, ...sumOf(figures, section) }]
  return {
    figures: figures.map(({ value = null, dollars = null, price = null, ...figure }) => ({
      ...figure,
      value,
      dollars,
      price,
    })),
    sections: Object.fromEntries((Object.entries(sections) as [Section, string][]).map(total)),
    archived,
    prices,
  }
}
