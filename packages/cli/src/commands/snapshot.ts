import { callerIdentity, ec2Client } from '../aws.ts'
import { type ExitCode, exitCodes, type Io, line, note, UsageError } from '../io.ts'
import { loadSnapshot, snapshotFile } from '../snapshot-file.ts'
import { plural } from '../text.ts'
import { replaceFile } from '../whole-file.ts'

export interface SnapshotCommandOptions {
  readonly region?: readonly string[]
  readonly out?: string
  readonly dryRun?: boolean
  readonly json?: boolean
}

/** `flowferry snapshot`: the network interfaces of an account's regions into a file, beside those of others there. */
export async function snapshotCommand(options: SnapshotCommandOptions, io: Io): Promise<ExitCode> {
  const { out = snapshotFile, dryRun = false, json = false } = options
  const regions = [...new Set(options.region ?? [undefined])]
  const wrong = regions.find((region) => region !== undefined && !/^[a-z]{2}(-[a-z]+)+-\d$/.test(region))
  if (wrong !== undefined) throw new UsageError(`--region takes eu-central-1, not "${wrong}"`)
  // What is there is read first: a file that is something else is not to be replaced.
  let snapshot = await loadSnapshot(out)
  const { takeSnapshot } = await import('@flowferry/enrich/snapshot')
  const { withPart } = await import('@flowferry/enrich/interfaces')
  const { account } = await callerIdentity(io, regions[0])
  const parts: object[] = []
  for (const region of regions) {
    const ec2 = await ec2Client(io, region)
    try {
      const part = await takeSnapshot(ec2, {
        account,
        ...(io.signal && { signal: io.signal }),
        onRefused: ({ message }) => note(io, `flow logs are left out, so why has to guess what they keep: ${message}`),
      })
      snapshot = withPart(snapshot, part)
      const instances = new Set(
        part.interfaces.flatMap(({ instanceName, instanceId }) => (instanceName ? instanceId! : [])),
      )
      parts.push({
        account: part.account,
        region: part.region,
        interfaces: part.interfaces.length,
        subnets: part.subnets.length,
        namedInstances: instances.size,
        flowLogs: part.flowLogs?.length ?? null,
      })
      note(
        io,
        `${part.account} ${part.region}: ${plural(part.interfaces.length, 'interface')}, ${plural(part.subnets.length, 'subnet')}, ${plural(instances.size, 'named instance')}${part.flowLogs ? `, ${plural(part.flowLogs.length, 'flow log')}` : ''}`,
      )
    } finally {
      ec2.destroy()
    }
  }
  if (!dryRun) await replaceFile(out, `${JSON.stringify(snapshot, null, 1)}\n`)
  note(io, dryRun ? `would be written to ${out}` : `written to ${out}`)
  if (json) line(io.stdout, JSON.stringify({ dryRun, file: out, parts }))
  return exitCodes.ok
}
