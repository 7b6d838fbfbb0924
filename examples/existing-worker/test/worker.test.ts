import { gzipSync } from 'node:zlib'
import { describe, expect, vi } from 'vitest'
import { awsEnvironment, createStack } from '../../../test/support/aws.ts'
import { engines, formats } from '../../../test/support/engines.ts'
import { fixtures } from '../../../test/support/fixtures.ts'
import { searchServer } from '../../../test/support/search.ts'
import { onServers } from '../../../test/support/servers.ts'
import { createWorker } from '../src/worker.ts'

const { test, urls } = onServers('aws', 'elasticsearch')

describe("flowferry in somebody's worker", () => {
  test('messages that are done are deleted, the others come again until the queue gives them up', async () => {
    const [aws, node] = urls as [string, string]
    for (const [name, value] of Object.entries(awsEnvironment(aws))) vi.stubEnv(name, value)
    const stack = await createStack(aws, { visibilitySeconds: 1, maxReceiveCount: 2 })
    const logged = vi.spyOn(console, 'error').mockImplementation(() => {})
    const server = searchServer(node)
    await server.removeStreams()
    await engines[0]!.setup(node, { formats })
    const flows = fixtures.filter(({ stream }) => stream === 'logs-aws.vpcflow-default')
    for (const { key, body } of flows) await stack.put(key, body)
    await stack.put(
      'AWSLogs/1/vpcflowlogs/cut.log.gz',
      gzipSync('srcaddr dstaddr\n10.0.0.1 10.0.0.2\n').subarray(0, -4),
    )

    const worker = createWorker(stack.queueUrl, node, [stack.bucket])
    worker.start()
    try {
      await expect.poll(() => stack.depth(stack.deadLetterQueueUrl), { timeout: 60_000, interval: 500 }).toBe(1)
      expect(await stack.depth(stack.queueUrl)).toBe(0)
      expect(await server.count('logs-aws.vpcflow-default')).toBe(flows.flatMap(({ expected }) => expected).length)
      const told = logged.mock.calls.map(([line]) => JSON.parse(line))
      expect(told.length).toBeGreaterThanOrEqual(2)
      for (const { objects } of told) expect(objects).toMatchObject([{ code: 'COMPRESSION_CORRUPT' }])
    } finally {
      logged.mockRestore()
      worker.stop({ abort: true })
      vi.unstubAllEnvs()
      stack.close()
    }
  })
})
