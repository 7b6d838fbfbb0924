import type { Finding, FindingKind, VerifyReport } from '@flowferry/source-s3'
import { s3Address, s3Client } from '../aws.ts'
import { found } from '../files.ts'
import { type ExitCode, exitCodes, type Io, line, note, UsageError } from '../io.ts'
import { bytes, count, plural, table } from '../text.ts'
import { spanOf } from '../times.ts'
import { publicKeysOf } from '../verify/keys.ts'
import { openState } from '../verify/state.ts'

export interface VerifyCommandOptions {
  readonly since: string
  readonly until?: string
  readonly publicKeys: readonly string[]
  readonly account?: readonly string[]
  readonly region?: readonly string[]
  readonly copyOf?: string
  readonly state?: string
  readonly concurrency?: number
  readonly json?: boolean
}

/** Findings of a kind that are printed one by one; `--json` has all. */
const mostOfKind = 20

/** `flowferry verify`: an archive of CloudTrail by its digests. It only reads. */
export async function verifyCommand(source: string, options: VerifyCommandOptions, io: Io): Promise<ExitCode> {
  const { account = [], region = [], json = false, concurrency, since, until = '-0m' } = options
  const { from, to } = spanOf({ since, until }, 0)
  const identity = { source, since, until, accounts: account, regions: region }
  const state = await openState(options.state, identity, { from: new Date(from), to: new Date(to) })
  const publicKeys = await publicKeysOf(options.publicKeys, io)
  const archive = await archiveOf(source, options, io)
  const { verifyCloudTrail } = await import('@flowferry/source-s3')
  if (state.position)
    note(io, `going on in ${state.position.folder} ${state.position.region}, behind ${state.position.day ?? 'it'}`)
  const printed = new Map<FindingKind, number>()
  const onFinding = (finding: Finding) => {
    if (json) {
      line(io.stdout, JSON.stringify({ finding }))
      return
    }
    const known = printed.get(finding.kind) ?? 0
    printed.set(finding.kind, known + 1)
    if (known >= mostOfKind) return
    line(io.stdout, `${finding.kind}  ${finding.key}`)
    line(io.stdout, `  ${finding.what}`)
  }
  let report: VerifyReport
  try {
    report = await verifyCloudTrail({
      ...archive,
      ...state.span,
      accounts: account,
      regions: region,
      publicKeys,
      onFinding,
      onPosition: state.note,
      ...(concurrency !== undefined && { concurrency }),
      ...(state.position && { after: state.position }),
      ...(io.signal && { signal: io.signal }),
    })
  } catch (error) {
    await state.close(false)
    if (options.state !== undefined) note(io, 'the same command goes on from --state')
    throw error
  }
  await state.close(true)
  if (json) line(io.stdout, JSON.stringify({ report }))
  else tell(report, printed, io)
  return { whole: exitCodes.ok, changed: exitCodes.fault, 'not-proven': exitCodes.unknown }[report.verdict]
}

async function archiveOf(source: string, { copyOf }: VerifyCommandOptions, io: Io) {
  const address = s3Address(source)
  const copy = copyOf !== undefined && { copyOf }
  if (address) return { s3: await s3Client(io), bucket: address.bucket, prefix: address.key, ...copy }
  if (!(await found(source)).isDirectory())
    throw new UsageError(
      `${source} is a file; verify takes s3://bucket, s3://bucket/prefix or a folder that mirrors one`,
    )
  const { folderAsBucket } = await import('../verify/folder.ts')
  return { s3: folderAsBucket(source), bucket: source, copyOf: copyOf ?? (true as const) }
}

const verdicts: Readonly<Record<VerifyReport['verdict'], string>> = {
  whole: 'the archive is what CloudTrail delivered',
  changed: 'the archive is NOT what CloudTrail delivered',
  'not-proven': 'nothing shows that the archive was changed, and not all of it is proven',
}

function tell(report: VerifyReport, printed: ReadonlyMap<FindingKind, number>, io: Io): void {
  const { digests, signed, named, matching, listed, pending, chains, verdict } = report
  for (const [kind, known] of printed)
    if (known > mostOfKind) line(io.stdout, `${kind}  … and ${count(known - mostOfKind)} more: --json has all`)
  if (printed.size > 0) line(io.stdout)
  const short = (time: string) => time.replace('.000Z', 'Z')
  const rows = chains.map(({ folder, region, trail, from, until }) => ({
    folder,
    region,
    trail,
    from: short(from),
    'complete until': short(until),
  }))
  for (const row of table(rows)) line(io.stdout, row)
  line(io.stdout)
  line(io.stdout, `${count(signed)} of ${plural(digests, 'digest')} signed`)
  line(io.stdout, `${count(matching)} of ${plural(named, 'log file')} as signed for (${bytes(report.bytes)})`)
  line(
    io.stdout,
    `${plural(listed, 'log file')} in the archive${pending > 0 ? `, ${count(pending)} behind the last digest` : ''}`,
  )
  const kinds = Object.entries(report.findings).map(([kind, times]) => `${kind} ${count(times)}`)
  if (kinds.length > 0) line(io.stdout, kinds.join(', '))
  line(io.stdout, verdicts[verdict])
}
