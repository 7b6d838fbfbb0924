import type { ArchiveFormatName } from '../format-names.ts'
import { parserFor } from '../formats.ts'
import { type ExitCode, exitCodes, type Io, line, UsageError } from '../io.ts'
import { setUp, type TargetOptions, targetOf } from '../target.ts'

export interface SetupCommandOptions extends Pick<TargetOptions, 'to' | 'url' | 'indexPer'> {
  readonly format?: readonly ArchiveFormatName[]
  readonly dryRun?: boolean
}

/** `flowferry setup`: the index templates into a cluster, and what was changed. */
export async function setupCommand(options: SetupCommandOptions, io: Io): Promise<ExitCode> {
  const { to, format = [undefined], dryRun = false } = options
  if (to.startsWith('duckdb:')) throw new UsageError('DuckDB needs no setup: --to takes elasticsearch or opensearch')
  const formats = (await Promise.all(format.map(parserFor))).flatMap((parser) => parser.formats)
  const store = await (await targetOf(options, io)).open()
  try {
    for (const text of await setUp(store, { formats, dryRun })) line(io.stdout, text)
    return exitCodes.ok
  } finally {
    await store.close()
  }
}
