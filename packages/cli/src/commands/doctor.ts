import { asFlowferryError, type Parser } from '@flowferry/core'
import { responseOfError, type SearchEngineRequest, type SetupChange, type SetupOptions } from '@flowferry/search'
import { callerIdentity, ec2Client, requireS3Address, s3Client, sqsClient } from '../aws.ts'
import {
  type Cluster,
  type ClusterOptions,
  clusterOf,
  openElasticsearch,
  openOpenSearch,
  unknownStore,
} from '../cluster.ts'
import { loadSettings } from '../config/load.ts'
import { noSettings, type Settings, withStore } from '../config/settings.ts'
import { checkAccount } from '../doctor/account.ts'
import { checkBucket, type Newest } from '../doctor/bucket.ts'
import { type Check, exitCodeOf, failed, fine, found, notChecked, tell } from '../doctor/check.ts'
import { checkClock, watchClock } from '../doctor/clock.ts'
import { checkFlowLogs } from '../doctor/flow-log.ts'
import { checkNotification } from '../doctor/notification.ts'
import { checkQueue } from '../doctor/queue.ts'
import { checkDuckDB, checkStore } from '../doctor/store.ts'
import { logFormatNames, parserFor, requireNames } from '../formats.ts'
import { type ExitCode, type Io, line, queueUrl, refuseOptions, UsageError } from '../io.ts'
import { parseDuration } from '../times.ts'

export interface DoctorCommandOptions extends ClusterOptions {
  readonly bucket?: string
  readonly queue?: string
  readonly functionTimeout?: string
  readonly to?: string
  readonly format?: readonly string[]
  readonly index?: string
  readonly indexPer?: 'day' | 'month'
  readonly json?: boolean
}

/** `flowferry doctor`: what stands between this user and production. It only reads. */
export async function doctorCommand(
  { json, ...options }: DoctorCommandOptions,
  io: Io,
  flag: string | boolean | undefined,
): Promise<ExitCode> {
  const { bucket, queue, functionTimeout, format } = options
  const address = bucket === undefined ? undefined : bucketOf(bucket)
  if (queue !== undefined) queueUrl('--queue', queue)
  if (queue === undefined) refuseOptions(options, ['functionTimeout'], '--queue')
  const timeout = functionTimeout === undefined ? undefined : parseDuration('--function-timeout', functionTimeout)
  const { settings, parser, check } = await checkConfig(flag, format, io)
  const aws = await checkAws({ address, queue, timeout, parser, io })
  const store = await checkTarget(options, aws.newest, { settings, parser, io })
  const checks = [check, ...aws.checks, ...store]
  const code = exitCodeOf(checks)
  if (json) line(io.stdout, JSON.stringify({ checks }))
  else for (const text of tell(checks)) line(io.stdout, text)
  return code
}

function bucketOf(text: string): { readonly bucket: string; readonly key: string } {
  return text.startsWith('s3://') ? requireS3Address(text, '--bucket takes') : { bucket: text, key: '' }
}

/** A config that cannot be loaded is what the other commands would end with; the checks go on without it. */
async function checkConfig(
  flag: string | boolean | undefined,
  format: readonly string[] | undefined,
  io: Io,
): Promise<{ readonly settings: Settings; readonly parser: Parser<unknown>; readonly check: Check }> {
  const check = 'config'
  let settings: Settings
  try {
    settings = await loadSettings(flag, io)
    await parserFor(logFormatNames(settings), 'small', settings)
  } catch (error) {
    // Those of the config are not known.
    const known = format?.filter((name) => logFormatNames().includes(name)) ?? []
    const parser = await parserFor(known.length > 0 ? known : logFormatNames())
    const todo = 'correct it: every command that reads it ends with this'
    return { settings: noSettings, parser, check: found(check, 'fault', (error as Error).message, todo) }
  }
  requireNames(format, logFormatNames(settings))
  const parser = await parserFor(format ?? logFormatNames(settings), 'small', settings)
  const { file, formats, enrichments } = settings
  if (file === undefined) return { settings, parser, check: notChecked(check, 'there is none') }
  const own = Object.keys(formats)
  const what = `${file}: ${own.length === 0 ? 'no formats of its own' : `formats ${own.join(', ')}`}, ${enrichments.length} enrichments`
  return { settings, parser, check: fine(check, what) }
}

interface Aws {
  readonly address: { readonly bucket: string; readonly key: string } | undefined
  readonly queue: string | undefined
  readonly timeout: number | undefined
  readonly parser: Parser<unknown>
  readonly io: Io
}

async function checkAws({
  address,
  queue,
  timeout,
  parser,
  io,
}: Aws): Promise<{ checks: Check[]; newest: readonly Newest[] }> {
  const unnamed = [
    ...(address ? [] : [notChecked('bucket', '--bucket names one')]),
    ...(queue === undefined ? [notChecked('queue', '--queue names one')] : []),
  ]
  if (!address && queue === undefined)
    return { checks: [notChecked('credentials', 'neither --bucket nor --queue is named'), ...unnamed], newest: [] }
  const { signal } = io
  const s3 = await s3Client(io)
  const skew = watchClock(s3)
  try {
    const { checks: account, account: id } = await checkAccount(
      () => s3.config.region(),
      () => callerIdentity(io),
    )
    const checks = [...account, ...unnamed]
    // Nothing else can be asked, and each would say the same.
    if (id === undefined) {
      const rest = [...(address ? ['bucket'] : []), ...(queue === undefined ? [] : ['queue'])]
      const lack = account.some(({ check, status }) => check === 'region' && status === 'fault')
        ? 'a region'
        : 'credentials'
      return { checks: [...checks, ...rest.map((check) => notChecked(check, `without ${lack}`))], newest: [] }
    }
    const { bucket, key: prefix = '' } = address ?? {}
    let newest: readonly Newest[] = []
    if (bucket !== undefined) {
      const seen = await checkBucket({ s3, bucket, prefix, parser, signal })
      newest = seen.newest
      checks.push(...seen.checks, checkClock(skew(), 'S3'))
      if (newest.some(({ object }) => object.service === 'vpcflowlogs')) {
        const ec2 = await ec2Client(io)
        const ofVpc = newest.find(({ kinds }) => kinds.includes('vpcflow'))
        checks.push(...(await checkFlowLogs({ ec2, bucket, header: ofVpc?.header, signal })))
        ec2.destroy()
      } else checks.push(notChecked('flow log', 'the bucket has no file of one, of late'))
    }
    if (queue !== undefined) {
      const sqs = await sqsClient(io, queue)
      const { checks: ofQueue, arn } = await checkQueue({
        sqs,
        url: queue,
        functionTimeout: timeout,
        bucket,
        account: id,
        signal,
      })
      sqs.destroy()
      checks.push(...ofQueue)
      if (bucket !== undefined && arn !== undefined)
        checks.push(await checkNotification(s3, { bucket, prefix, queueArn: arn }))
    }
    if (!address || queue === undefined) checks.push(notChecked('notification', '--bucket and --queue name its ends'))
    return { checks, newest }
  } finally {
    s3.destroy()
  }
}

async function checkTarget(
  given: DoctorCommandOptions,
  newest: readonly Newest[],
  { settings, parser, io }: { readonly settings: Settings; readonly parser: Parser<unknown>; readonly io: Io },
): Promise<Check[]> {
  const names = ['url', 'cloudId', 'auth', 'index', 'indexPer'] as const
  const { to, url, cloudId, auth, index, indexPer, op } = withStore<
    DoctorCommandOptions & { readonly op?: 'create' | 'index' }
  >(given, settings, 'to', [...names, 'op'])
  if (to === undefined) {
    refuseOptions(given, names, '--to')
    return [notChecked('store', '--to names one')]
  }
  if (to.startsWith('duckdb:')) {
    refuseOptions(given, names, '--to elasticsearch or opensearch')
    return [await checkDuckDB(to.slice('duckdb:'.length))]
  }
  if (to !== 'elasticsearch' && to !== 'opensearch')
    throw unknownStore('--to', to, 'elasticsearch, opensearch or duckdb:FILE')
  const places = { ...(url !== undefined && { url }), ...(cloudId !== undefined && { cloudId }), ...(auth && { auth }) }
  const cluster = clusterOf(to, places, io)
  let open: OpenCluster
  try {
    open = await (to === 'elasticsearch' ? openedElasticsearch : openedOpenSearch)(cluster, io)
  } catch (error) {
    // Of what is there, and not of the command line.
    if (error instanceof UsageError) return [found('store', 'fault', error.message, 'see what --to and --url name')]
    return [failed('store', error, 'an answer')]
  }
  const { request, setup, close } = open
  const kinds = new Set(newest.flatMap((one) => one.kinds))
  const held = parser.formats.filter(({ kind }) => given.format || kinds.has(kind))
  try {
    return await checkStore({
      engine: to,
      name: cluster.name,
      request,
      setup: (formats) => setup({ formats, dryRun: true, ...(indexPer && { indexPer }) }),
      formats: held.length > 0 ? held : parser.formats,
      areFound: held.length > 0,
      index,
      indexPer,
      op,
    })
  } finally {
    await close()
  }
}

interface OpenCluster {
  readonly request: SearchEngineRequest
  readonly setup: (options: SetupOptions) => Promise<readonly SetupChange[]>
  readonly close: () => Promise<void>
}

async function openedElasticsearch(cluster: Cluster, io: Io): Promise<OpenCluster> {
  const client = await openElasticsearch(cluster, io)
  const { setup } = await import('@flowferry/sink-elasticsearch')
  return {
    request: (method, path, body) =>
      answered(
        cluster,
        client.transport.request({ method, path, ...(body !== undefined && { body: body as object }) }, asked),
      ),
    setup: (options) => setup(client, options),
    close: () => client.close(),
  }
}

async function openedOpenSearch(cluster: Cluster, io: Io): Promise<OpenCluster> {
  const client = await openOpenSearch(cluster, io)
  const { setup } = await import('@flowferry/sink-opensearch')
  return {
    request: (method, path, body) =>
      answered(
        cluster,
        client.transport.request({ method, path, ...(body !== undefined && { body: body as object }) }, once),
      ),
    setup: (options) => setup(client, options),
    close: () => client.close(),
  }
}

const once = { maxRetries: 0, requestTimeout: 30_000 }
const asked = { ...once, meta: true } as const

/** Any response is a value. */
async function answered(
  { name }: Cluster,
  sent: PromiseLike<{ statusCode?: number | null; body: unknown }>,
): Promise<{ readonly status: number; readonly body: unknown }> {
  try {
    const { statusCode, body } = await sent
    return { status: statusCode ?? 0, body }
  } catch (error) {
    try {
      return responseOfError(error)
    } catch (cause) {
      throw asFlowferryError(cause, 'TARGET_UNREACHABLE', `${name} gave no answer`)
    }
  }
}
