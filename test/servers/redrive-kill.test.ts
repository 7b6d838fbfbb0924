import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { CreateQueueCommand, type Message, ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs'
import { ingest, lines } from '@flowferry/core'
import { type DeadLetter, redrive, s3Objects } from '@flowferry/source-s3'
import { describe, expect } from 'vitest'
import { createStack, type Stack } from '../support/aws.ts'
import { engines } from '../support/engines.ts'
import { searchServer } from '../support/search.ts'
import { onServers } from '../support/servers.ts'

const child = fileURLToPath(new URL('./redrive-child.mjs', import.meta.url))
const built = existsSync(new URL('../../packages/source-s3/dist/index.js', import.meta.url))

const numbers = lines({
  kind: 'number',
  dataset: 'custom.number',
  record: (line) => ({ value: Number(line) }),
  document: ({ value }) => ({ '@timestamp': '2026-11-22T00:00:00.000Z', custom: { value } }),
})

/** Of six dead letters the last two stay: their cause is not mended. */
const letters = 6
const redriven = 4
const stays = (n: number) => n >= redriven
const filter = ({ cause }: DeadLetter) => cause?.code !== 'OBJECT_NOT_FOUND'

interface Case {
  readonly key: string
  readonly from: string
  readonly to: string
}

async function fill(stack: Stack, key: string, fifo: boolean): Promise<Case> {
  const queue = async (name: string) => {
    const QueueName = `${stack.bucket}-${key}-${name}${fifo ? '.fifo' : ''}`
    const Attributes = fifo ? { FifoQueue: 'true' } : {}
    return (await stack.sqs.send(new CreateQueueCommand({ QueueName, Attributes }))).QueueUrl!
  }
  const [from, to] = [await queue('dead'), await queue('main')]
  for (let n = 0; n < letters; n++) {
    const name = `${key}/${n}.log`
    await stack.put(name, `${n}\n${n + 1}\n${n + 2}\n`)
    const s3 = { bucket: { name: stack.bucket }, object: { key: name } }
    const event = { Records: [{ eventSource: 'aws:s3', eventVersion: '2.1', eventName: 'ObjectCreated:Put', s3 }] }
    const cause = {
      code: stays(n) ? 'OBJECT_NOT_FOUND' : 'TARGET_FAILED',
      message: '',
      bucket: stack.bucket,
      key: name,
    }
    await stack.sqs.send(
      new SendMessageCommand({
        QueueUrl: from,
        MessageBody: JSON.stringify(event),
        MessageAttributes: {
          'flowferry.cause': { DataType: 'String', StringValue: JSON.stringify(cause) },
          own: { DataType: 'String', StringValue: 'kept' },
        },
        ...(fifo && { MessageGroupId: `group-${n}`, MessageDeduplicationId: `original-${n}` }),
      }),
    )
  }
  return { key, from, to }
}

/** Runs the child; gives the signal that it died by. */
function redriveAndDie(options: object): Promise<string | null> {
  const process_ = spawn(process.execPath, [child, JSON.stringify(options)], { stdio: ['ignore', 'ignore', 'pipe'] })
  let stderr = ''
  process_.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  return new Promise((resolve, reject) =>
    process_.on('close', (code, signal) =>
      code === 0 || signal === 'SIGKILL' ? resolve(signal) : reject(new Error(stderr)),
    ),
  )
}

async function drain(stack: Stack, queueUrl: string): Promise<Message[]> {
  const all: Message[] = []
  for (;;) {
    const { Messages = [] } = await stack.sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: queueUrl,
        MaxNumberOfMessages: 10,
        MessageAttributeNames: ['All'],
        MessageSystemAttributeNames: ['All'],
      }),
    )
    if (Messages.length === 0) return all
    all.push(...Messages)
  }
}

describe.each([
  ['standard', false],
  ['FIFO', true],
] as const)('a redrive that is killed, on %s queues', (kind, fifo) => {
  const { test, urls } = onServers('elasticsearch', 'aws')
  const { ask, count } = searchServer(urls[0]!)

  const whenBuilt = built ? test : test.skip

  whenBuilt(
    'at any of its requests loses nothing, and what it doubles changes nothing',
    async () => {
      const stack = await createStack(urls[1]!)
      const cases: Case[] = []
      // Until a run comes through: then there is no request left to die at.
      let killed = 0
      for (let first = 0, survived = 0; survived === 0; first += 3) {
        const points = [first, first + 1, first + 2].flatMap((request) => [
          { request, moment: 'before' },
          { request, moment: 'after' },
        ])
        const signals = await Promise.all(
          points.map(async ({ request, moment }) => {
            const one = await fill(stack, `${moment}-${request}`, fifo)
            cases.push(one)
            return redriveAndDie({ endpoint: urls[1], from: one.from, to: one.to, request, moment })
          }),
        )
        survived = signals.filter((signal) => signal === null).length
        killed += points.length - survived
      }
      // A receive, four sends, a delete, two receives that find nothing, and the release.
      expect(killed).toBeGreaterThanOrEqual(2 * 9)
      await sleep(10_500)

      const index = `redrive-kill-${kind.toLowerCase()}-${process.pid}`
      await ask('DELETE', `/${index}`)
      const sink = engines[0]!.sink(urls[0]!, { index })
      let doubled = 0
      const check = async ({ from, to, key }: Case) => {
        const result = await redrive({ sqs: stack.sqs, from, to, filter, visibilitySeconds: 10 })
        expect(result.failures).toEqual([])
        expect(await stack.depth(from), key).toBe(letters - redriven)
        const messages = await drain(stack, to)
        expect(messages.every(({ MessageAttributes }) => Object.keys(MessageAttributes ?? {}).join() === 'own')).toBe(
          true,
        )
        if (fifo)
          expect(messages.map(({ Attributes }) => Attributes!.MessageGroupId).sort()).toEqual(
            Array.from({ length: redriven }, (_, n) => `group-${n}`),
          )
        doubled += messages.length - redriven
        for (const expected of [redriven * 3, 0]) {
          const report = await ingest({ source: s3Objects(messages, { s3: stack.s3 }), parser: numbers, sink })
          expect(report, key).toMatchObject({ ok: true, counts: { written: expected, read: messages.length * 3 } })
        }
      }
      await Promise.all(cases.map(check))
      expect(await count(index)).toBe(cases.length * redriven * 3)
      console.log(`${kind}: killed at ${killed} points, ${doubled} messages doubled, 0 lost`)
      if (fifo) expect(doubled).toBe(0)
      else expect(doubled).toBeGreaterThan(0)
      await ask('DELETE', `/${index}`)
      stack.close()
    },
    300_000,
  )
})
