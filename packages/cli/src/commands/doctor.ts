import type { EventBridgeClient } from '@aws-sdk/client-eventbridge'
import { asFlowferryError, FlowferryError, type Format, type Parser } from '@flowferry/core'
import { abortOn, responseOfError, type SearchEngineRequest, setupTemplates } from '@flowferry/search'
import { callerIdentity, ec2Client, eventBridgeClient, requireS3Address, s3Client, sqsClient } from '../aws.ts'
import { type Cluster, type ClusterOptions, openElasticsearch, openOpenSearch } from '../cluster.ts'
import { loadSettings } from '../config/load.ts'
import { noSettings, type Settings, withStore } from '../config/settings.ts'
import { checkAccount } from '../doctor/account.ts'
import { checkBucket, type Newest } from '../doctor/bucket.ts'
import { type Check, exitCodeOf, failed, fine, found, notChecked, tell } from '../doctor/check.ts'
import { checkClock, watchClock } from '../doctor/clock.ts'
import { checkFlowLogs } from '../doctor/flow-log.ts'
import { checkNotification } from '../doctor/notification.ts'
import { s3Sender } from '../doctor/policy.ts'
import { checkQueue, checkSender } from '../doctor/queue.ts'
import { checkDuckDB, checkStore } from '../doctor/store.ts'
import type { NotificationOptions } from '../doctor/way.ts'
import { type Documents, logFormatNames, parserFor, requireNames } from '../formats.ts'
import { type ExitCode, type Io, line, queueUrl, refuseOptions, UsageError } from '../io.ts'
import { type Target, type TargetOptions, targetOf } from '../target.ts'
import { parseDuration } from '../times.ts'
import { bounded, within } from '../within.ts'

export interface DoctorCommandOptions extends ClusterOptions {
  readonly bucket?: string
  readonly queue?: string
  readonly functionTimeout?: string
  readonly to?: string
  readonly format?: readonly string[]
  readonly index?: string
  readonly indexPer?: 'day' | 'month'
  readonly documents?: Documents
  readonly json?: boolean
}

/** `flowferry doctor`: what stands between this user and production. It only reads. */
export async function doctorCommand(
  { json, ...options }: DoctorCommandOptions,
  io: Io,
  flag: string | boolean | undefined,
): Promise<ExitCode> {
  const { bucket, queue, functionTimeout } = options
  const address = bucket === undefined ? undefined : bucketOf(bucket)
  if (queue !== undefined) queueUrl('--queue', queue)
  if (queue === undefined) refuseOptions(options, ['functionTimeout'], '--queue')
  const timeout = functionTimeout === undefined ? undefined : parseDuration('--function-timeout', functionTimeout)
  const { parser, place, check } = await checkConfig(options, flag, io)
  const target = place.to === undefined ? undefined : await targetOf(place, io)
  const aws = await checkAws({ address, queue, timeout, parser, io })
  const formats = options.format ? parser.formats : heldOf(parser.formats, aws.newest)
  const areFound = formats.length > 0
  const store = target
    ? await checkTarget(target, { ...place, formats: areFound ? formats : parser.formats, areFound }, io)
    : [notChecked('store', 'none is named: --to takes one, or store of the config')]
  // Each check that was under way then says that it failed.
  if (io.signal?.aborted) throw new FlowferryError('ABORTED', 'The user ended it before all was looked at')
  const checks = [check, ...aws.checks, ...store]
  const code = exitCodeOf(checks)
  if (json) line(io.stdout, JSON.stringify({ checks }))
  else for (const text of tell(checks)) line(io.stdout, text)
  return code
}

function heldOf(formats: readonly Format[], newest: readonly Newest[]): Format[] {
  const kinds = new Set(newest.flatMap((one) => one.kinds))
  return formats.filter(({ kind }) => kinds.has(kind))
}

function bucketOf(text: string): { readonly bucket: string; readonly key: string } {
  return text.startsWith('s3://') ? requireS3Address(text, '--bucket takes') : { bucket: text, key: '' }
}

const storeNames = ['url', 'cloudId', 'auth', 'index', 'indexPer', 'documents'] as const

/** Where documents go: what the command line says, and what the config does. */
type Place = Pick<DoctorCommandOptions, 'to' | (typeof storeNames)[number]> & Pick<TargetOptions, 'op'>

interface Configured {
  readonly parser: Parser<unknown>
  readonly place: Place
  readonly check: Check
}

/** A config that cannot be loaded is what the other commands would end with; the checks go on without it. */
async function checkConfig(
  options: DoctorCommandOptions,
  flag: string | boolean | undefined,
  io: Io,
): Promise<Configured> {
  const check = 'config'
  let settings: Settings
  let parser: Parser<unknown>
  try {
    settings = await loadSettings(flag, io)
    // All of them, in the form that is asked for below: each is compiled once.
    parser = await parserFor(logFormatNames(settings), placeIn(settings, options).documents, settings)
  } catch (error) {
    // Its formats are not known.
    const format = options.format?.filter((name) => logFormatNames().includes(name)) ?? []
    const place = placeIn(noSettings, options)
    requireTo(place)
    const todo = 'correct it: every command that reads it ends with this'
    return {
      parser: await parserFor(format.length > 0 ? format : logFormatNames(), place.documents),
      place,
      check: found(check, 'fault', (error as Error).message, todo),
    }
  }
  requireNames(options.format, logFormatNames(settings))
  const place = placeIn(settings, options)
  requireTo(place)
  const { file, formats, enrichments } = settings
  const own = Object.keys(formats)
  const what = `${file}: ${own.length === 0 ? 'no formats of its own' : `formats ${own.join(', ')}`}, ${enrichments.length} enrichments`
  return {
    parser: options.format ? await parserFor(options.format, place.documents, settings) : parser,
    place,
    check: file === undefined ? notChecked(check, 'there is none') : fine(check, what),
  }
}

const placeIn = (settings: Settings, options: DoctorCommandOptions): Place =>
  withStore<DoctorCommandOptions & Pick<TargetOptions, 'op'>>(options, settings, 'to', [...storeNames, 'op'])

function requireTo(place: Place): void {
  if (place.to === undefined) refuseOptions(place, storeNames, '--to')
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
    ...(address ? [] : [notChecked('bucket', 'none is named: --bucket takes its name')]),
    ...(queue === undefined ? [notChecked('queue', 'none is named: --queue takes its URL')] : []),
  ]
  if (!address && queue === undefined)
    return {
      checks: [notChecked('credentials', 'nothing of AWS is named: --bucket or --queue'), ...unnamed],
      newest: [],
    }
  const { signal } = io
  const s3 = bounded(await s3Client(io), 'S3', signal)
  const skew = watchClock(s3)
  try {
    const {
      checks: account,
      account: id,
      lack,
    } = await checkAccount(
      () => s3.config.region(),
      () => callerIdentity(io),
    )
    const checks = [...account, ...unnamed]
    // Nothing else can be asked, and each would say the same.
    if (lack !== undefined) {
      const rest = [...(address ? ['bucket'] : []), ...(queue === undefined ? [] : ['queue'])]
      return { checks: [...checks, ...rest.map((check) => notChecked(check, `without ${lack}`))], newest: [] }
    }
    const { bucket, key: prefix = '' } = address ?? {}
    let newest: readonly Newest[] = []
    if (bucket !== undefined) {
      const seen = await checkBucket({ s3, bucket, prefix, parser, signal })
      newest = seen.newest
      checks.push(...seen.checks, checkClock(skew(), 'S3'))
      if (newest.some(({ object }) => object.service === 'vpcflowlogs')) {
        const ec2 = bounded(await ec2Client(io), 'EC2', signal)
        const ofVpc = newest.find(({ kinds }) => kinds.includes('vpcflow'))
        checks.push(...(await checkFlowLogs({ ec2, bucket, header: ofVpc?.header, signal })))
        ec2.destroy()
      } else checks.push(notChecked('flow log', 'the bucket has no file of one, of late'))
    }
    if (queue !== undefined) {
      const sqs = bounded(await sqsClient(io, queue), 'SQS', signal)
      const { checks: ofQueue, attributes } = await checkQueue({ sqs, url: queue, functionTimeout: timeout, signal })
      sqs.destroy()
      checks.push(...ofQueue)
      if (bucket === undefined)
        checks.push(notChecked('queue policy', 'no bucket is named: --bucket takes the one that is to send'))
      else if (attributes) checks.push(...(await checkWay({ s3, bucket, prefix, attributes, account: id, newest, io })))
    }
    if (!address || queue === undefined)
      checks.push(notChecked('notification', 'it takes both ends: --bucket and --queue'))
    return { checks, newest }
  } finally {
    s3.destroy()
  }
}

/** The way from the bucket to the queue: whether whoever tells the queue may do so, and whether he does. */
async function checkWay({
  attributes,
  newest,
  io,
  ...named
}: Pick<NotificationOptions, 's3' | 'bucket' | 'prefix' | 'account'> & {
  readonly attributes: Readonly<Record<string, string>>
  readonly newest: readonly Newest[]
  readonly io: Io
}): Promise<Check[]> {
  const { QueueArn: queueArn = '', Policy: policy } = attributes
  let eventBridge: EventBridgeClient | undefined
  const { check, senders } = await checkNotification({
    ...named,
    eventBridge: async () => {
      const client = await eventBridgeClient(io, queueArn.split(':')[3]!)
      eventBridge = bounded(client, 'EventBridge', io.signal)
      return eventBridge
    },
    queueArn,
    policy,
    objects: newest.map(({ object: { key, size, etag } }) => ({ key, size, etag })),
  })
  eventBridge?.destroy()
  const isKnown = senders.length > 0
  const all = isKnown ? senders : [s3Sender(named.bucket, queueArn, named.account)]
  const unique = new Map(all.map((sender) => [sender.sourceArn, sender]))
  return [...[...unique.values()].flatMap((sender) => checkSender(attributes, sender, isKnown)), check]
}

async function checkTarget(
  { name, cluster }: Target,
  {
    formats,
    areFound,
    index,
    indexPer,
    op,
  }: Place & { readonly formats: readonly Format[]; readonly areFound: boolean },
  io: Io,
): Promise<Check[]> {
  if (!cluster) return [await checkDuckDB(name)]
  let open: OpenCluster
  try {
    open = await (cluster.engine === 'elasticsearch' ? openedElasticsearch : openedOpenSearch)(cluster, io)
  } catch (error) {
    // Of what is there, and not of the command line.
    if (error instanceof UsageError) return [found('store', 'fault', error.message, 'see what --to and --url name')]
    return [failed('store', error, 'an answer')]
  }
  const { send, close } = open
  const request: SearchEngineRequest = (...asked) =>
    answered(
      asked,
      within(cluster.name, io.signal, (signal) => send(signal, ...asked)),
    )
  try {
    return await checkStore({
      engine: cluster.engine,
      name: cluster.name,
      request,
      setup: (wanted) =>
        setupTemplates(request, cluster.engine, { formats: wanted, dryRun: true, ...(indexPer && { indexPer }) }),
      formats,
      areFound,
      index,
      indexPer,
      op,
    })
  } finally {
    await close()
  }
}

interface OpenCluster {
  readonly send: (
    signal: AbortSignal,
    ...request: Parameters<SearchEngineRequest>
  ) => PromiseLike<{ readonly statusCode?: number | null; readonly body: unknown }>
  readonly close: () => Promise<void>
}

async function openedElasticsearch(cluster: Cluster, io: Io): Promise<OpenCluster> {
  const client = await openElasticsearch(cluster, io)
  return {
    send: (signal, method, path, body) =>
      client.transport.request(
        { method, path, ...(body !== undefined && { body: body as object }) },
        { maxRetries: 0, meta: true, signal },
      ),
    close: () => client.close(),
  }
}

async function openedOpenSearch(cluster: Cluster, io: Io): Promise<OpenCluster> {
  const client = await openOpenSearch(cluster, io)
  return {
    send: (signal, method, path, body) => {
      const request = { method, path, ...(body !== undefined && { body: body as object }) }
      const sent = client.transport.request(request, { maxRetries: 0 })
      // For one request alone, with which it goes.
      abortOn(signal, sent)
      return sent
    },
    close: () => client.close(),
  }
}

/** Any response is a value. */
async function answered(
  [method, path]: Parameters<SearchEngineRequest>,
  sent: ReturnType<OpenCluster['send']>,
): Promise<{ readonly status: number; readonly body: unknown }> {
  try {
    const { statusCode, body } = await sent
    return { status: statusCode ?? 0, body }
  } catch (error) {
    try {
      return responseOfError(error)
    } catch (cause) {
      throw asFlowferryError(cause, 'TARGET_UNREACHABLE', `${method} ${path}`)
    }
  }
}
