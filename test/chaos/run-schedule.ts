import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateBucketCommand, DeleteBucketCommand, DeleteObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3'
import { DeleteQueueCommand } from '@aws-sdk/client-sqs'
import { addsUp, type Report } from '@flowferry/core'
import { type DeadLetter, redrive } from '@flowferry/source-s3'
import { awsEnvironment, createStack, type Stack } from '../support/aws.ts'
import { type FaultProxy, faultProxy } from '../support/fault-proxy.ts'
import type { OwnServer } from '../support/own-server.ts'
import { random } from '../support/random.ts'
import { searchServer } from '../support/search.ts'
import { differences, everyDocument, type Truth, truthOf } from '../support/truth.ts'
import { awsRoute, type Circumstance, type FaultKind, type FaultPlan, faultPlan, searchRoute } from './faults.ts'
import { mix, send, store } from './mail.ts'
import { type Supervised, supervise } from './process.ts'
import { filesOf, type Schedule, unreadable } from './schedule.ts'

export interface Place {
  readonly aws: string
  readonly node: string
  readonly own?: OwnServer
}

export interface Result {
  readonly documents: number
  readonly seen: ReadonlyMap<FaultKind | Circumstance, number>
  readonly starts: number
  /** What is not as it must be; nothing, else. */
  readonly wrong: string[]
}

const datasets = ['aws.vpcflow', 'aws.cloudtrail', 'aws.cloudfront_logs']
const wait = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds))
const maxReceiveCount = 5
const blockMilliseconds = 2500

/** Runs one schedule to its end, and compares what is there with what must be. */
export async function runSchedule(schedule: Schedule, { aws, node, own }: Place): Promise<Result> {
  const { number, seed, engine, mode, faults } = schedule
  const chance = random(seed * 30_011 + number)
  const namespace = `chaos${process.pid.toString(36)}x${number}`
  const streams = datasets.map((dataset) => `logs-${dataset}-${namespace}`)
  const search = searchServer(node)
  const seen = new Map<FaultKind | Circumstance, number>()
  const count = (what: FaultKind | Circumstance, times = 1) => {
    if (times > 0) seen.set(what, (seen.get(what) ?? 0) + times)
  }
  const stack = await createStack(aws, { visibilitySeconds: mode === 'lambda' ? 10 : 5, maxReceiveCount })
  const second = `${stack.bucket}-second`
  const folder = mkdtempSync(join(tmpdir(), 'flowferry-chaos-'))
  const pending: Promise<unknown>[] = []
  const proxies: FaultProxy[] = []
  let program: Supervised | undefined
  try {
    const odd = unreadable(chance, number)
    const files = filesOf(schedule)
    await stack.s3.send(new CreateBucketCommand({ Bucket: second }))
    const [unread] = odd.file ? await store(stack, stack.bucket, [odd.file]) : []
    const stored = [...(await store(stack, stack.bucket, files.first)), ...(await store(stack, second, files.second))]
    const truth = truthOf(stored)
    for (const stream of streams) await search.ask('PUT', `/_data_stream/${stream}`)

    const plan = faultPlan(
      faults,
      chance,
      {
        kill: (signal) => program?.kill(signal) ?? false,
        block,
        restartServer: (signal) => {
          const restarted = own!.restart(signal)
          pending.push(restarted)
          return restarted
        },
      },
      count,
    )
    const s3AndSqs = await faultProxy(aws, (request) => plan.choose(awsRoute(request), request))
    const bulk = await faultProxy(
      node,
      (request) => plan.choose(searchRoute(request), request),
      (request, status) => {
        if (own && searchRoute(request) === 'bulk' && status === 413) count('413 of the server')
        if (own && searchRoute(request) === 'bulk' && status === 429) count('429 of the server')
      },
    )
    proxies.push(s3AndSqs, bulk)
    const through = (url: string) => s3AndSqs.url + new URL(url).pathname
    const reports = join(folder, 'reports.jsonl')
    const program_ = supervise(
      {
        ...awsEnvironment(s3AndSqs.url),
        CHAOS: JSON.stringify({
          engine,
          mode,
          namespace,
          reports,
          node: bulk.url,
          queueUrl: through(stack.queueUrl),
          deadLetterQueueUrl: through(stack.deadLetterQueueUrl),
          // In a Lambda function its deadline is shorter than this.
          read: { stallSeconds: mode === 'lambda' ? 30 : 3 },
          // Small batches: a large file is written while it is read, and has a position to go on from.
          lambda: { timeout: 6000, maxAttempts: maxReceiveCount - 1, batchBytes: 65_536 },
          // Larger than what the schedule's own server takes, or small, so that there are many.
          bulk: {
            maxBodyBytes: own ? 3_000_000 : 400_000,
            requestTimeoutMilliseconds: 8000,
            maxRetries: 4,
            retryMilliseconds: 100,
            maxRetryMilliseconds: 1000,
          },
          worker: { waitSeconds: 1, retrySeconds: 1, drainMilliseconds: 4000, concurrency: 2, batchSize: 4 },
        }),
      },
      mode === 'lambda',
    )
    program = program_

    const deliberate = odd.text ?? ` ${unread!.event}\n\t`
    const good = stored.map(({ event }) => event)
    const { bodies, twice } = mix(good, chance)
    count('message twice', twice)
    count('one message for several objects')
    count('messages in another order')
    count('unreadable object')
    for (const body of chance.shuffle([...bodies, deliberate])) {
      await send(stack, body)
      if (chance.chance(0.4)) await wait(chance.int(400))
    }

    const letters = await settle(stack, program, { good, deliberate, pending, plan })
    const code = await program.end(15_000)
    const kept = readFileSync(reports, 'utf8').trim().split('\n')
    const told = kept.map((line) => JSON.parse(line) as Report)
    // It stands in the queue since the stack was made.
    const tests = told.flatMap(({ messages }) => messages).filter(({ ignored }) => ignored.includes('s3:TestEvent'))
    count('s3:TestEvent', tests.length)
    count('Lambda out of time', told.filter(({ stopped }) => stopped?.code === 'DEADLINE').length)
    count(
      'object continued by the next invocation',
      told.flatMap(({ messages }) => messages.flatMap(({ objects }) => objects)).filter(({ from }) => from).length,
    )
    const found = await everyDocument(node, namespace)
    const stands = found.documents.length
    const wrong = [
      ...(tests.length > 0 ? [] : ['no report tells of s3:TestEvent']),
      ...letters.filter(({ body }) => body !== deliberate).map(({ body }) => `a curable dead letter is left: ${body}`),
      ...(letters.length === 0 ? ['the unreadable message is not in the dead-letter queue'] : []),
      ...letters.flatMap(({ cause }) =>
        cause && cause.code !== odd.code ? [`${cause.code} instead of ${odd.code}`] : [],
      ),
      ...differences(truth, found),
      ...told.flatMap((report) => wrongReport(report, truth, unread && `${unread.bucket}/${unread.key}`)),
      ...(told.reduce((sum, { counts }) => sum + counts.written, 0) > stands ? ['more written than there is'] : []),
      ...(code === 0 ? [] : [`exit code ${code} after SIGTERM`]),
      ...(program.crashes() > 0 ? [`${program.crashes()} crashes`] : []),
      ...(mode === 'worker' ? wrongTotals(program.output().at(-1)!) : []),
    ]
    if (wrong.length > 0) wrong.push(`standard error: ${program.errors().slice(-3000)}`)
    return { documents: stands, seen, starts: program.starts(), wrong }
  } finally {
    await program?.end(5000)
    await Promise.allSettled(pending)
    for (const proxy of proxies) await proxy.close()
    for (const stream of streams) await search.ask('DELETE', `/_data_stream/${stream}`).catch(() => undefined)
    await remove(stack, [stack.bucket, second])
    rmSync(folder, { recursive: true, force: true })
  }

  async function block(name: string): Promise<void> {
    const set = (on: boolean) =>
      Promise.all(
        streams.map((stream) => search.ask('PUT', `/${stream}/_settings`, { [`index.blocks.${name}`]: on || null })),
      )
    // The server may be on its way down, or up.
    const surely = async (on: boolean) => {
      for (let tries = 0; tries < 300; tries++) {
        const done = await set(on).then(
          () => true,
          () => false,
        )
        if (done) return
        await wait(500)
      }
    }
    await surely(true)
    pending.push(wait(blockMilliseconds).then(() => surely(false)))
  }
}

interface Work {
  /** Bodies of messages that can be done, in the order of the files, and the one that cannot. */
  readonly good: readonly string[]
  readonly deliberate: string
  readonly pending: readonly Promise<unknown>[]
  readonly plan: FaultPlan
}

/**
 * Waits until the queue is empty, and redrives the dead letters until none but the unreadable one is left; gives these.
 * While a fault has not met its request, there is more work for it: what was stored is read and sent again.
 */
async function settle(stack: Stack, program: Supervised, { good, deliberate, pending, plan }: Work) {
  const { sqs, queueUrl, deadLetterQueueUrl } = stack
  const end = Date.now() + 400_000
  let letters: DeadLetter[] = []
  let rounds = 0
  for (let quiet = 0; ; ) {
    await wait(250)
    if (program.crashes() > 2) throw new Error(`The program does not stay up:\n${program.errors()}`)
    const depth = await stack.depth(queueUrl)
    if (Date.now() > end) {
      const never = `these faults never happened: ${plan.waiting().join(', ') || 'none'}`
      throw new Error(`${depth} messages are left in the queue, ${never}\n${program.errors().slice(-5000)}`)
    }
    quiet = depth === 0 ? quiet + 1 : 0
    if (quiet < 3) continue
    await Promise.all(pending)
    letters = []
    const filter = (letter: DeadLetter) => {
      letters.push(letter)
      return letter.body !== deliberate
    }
    const { redriven } = await redrive({ sqs, from: deadLetterQueueUrl, to: queueUrl, filter })
    quiet = 0
    if (redriven > 0 || (await stack.depth(queueUrl)) > 0) continue
    if (plan.waiting().length === 0) return letters
    // A large file and a small one are enough, mostly.
    const more = rounds++ === 0 ? [good[0]!, good[2]!] : good
    for (const body of [...more, deliberate]) await send(stack, body)
  }
}

/** Every object's counters add up, and what is called done has all of its records stored. */
function wrongReport(report: Report, truth: Truth, unreadableKey: string | undefined): string[] {
  return report.messages.flatMap(({ objects }) =>
    objects.flatMap((object) => {
      const { status, counts, from = 0, position } = object
      const key = `${object.bucket}/${object.key}`
      const wanted = truth.objects.get(key)
      const text = `${key}: ${JSON.stringify(counts)}`
      if (!addsUp(counts)) return [`does not add up: ${text}`]
      if (!wanted) return key === unreadableKey && status === 'failed' ? [] : [`nobody put this object there: ${text}`]
      if (position && position.records > wanted.read) return [`a position of ${position.records}: ${text}`]
      if (status === 'failed') return []
      // What an earlier invocation stored is skipped, and counted there.
      const malformed = wanted.malformed.filter((ordinal) => ordinal >= from)
      const first = object.malformed.map(({ ordinal }) => ordinal)
      const whole =
        counts.read + from === wanted.read &&
        counts.malformed === malformed.length &&
        first.join() === malformed.slice(0, 5).join()
      return status === 'done' && whole && counts.unfinished === 0 && counts.rejected === 0
        ? []
        : [`${status}, from ${from}, and yet not ${JSON.stringify(wanted)}: ${text}`]
    }),
  )
}

function wrongTotals(line: string): string[] {
  const { received, deleted, deadLettered, failed, released } = JSON.parse(line)
  return received === deleted + deadLettered + failed + released ? [] : [`totals do not add up: ${line}`]
}

async function remove({ s3, sqs, queueUrl, deadLetterQueueUrl, close }: Stack, buckets: string[]): Promise<void> {
  for (const Bucket of buckets) {
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket }))
    for (const { Key } of Contents) await s3.send(new DeleteObjectCommand({ Bucket, Key }))
    await s3.send(new DeleteBucketCommand({ Bucket }))
  }
  for (const QueueUrl of [queueUrl, deadLetterQueueUrl]) await sqs.send(new DeleteQueueCommand({ QueueUrl }))
  close()
}
