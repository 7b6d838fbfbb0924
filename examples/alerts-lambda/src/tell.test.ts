import type { SQSClient } from '@aws-sdk/client-sqs'
import { expect, it, vi } from 'vitest'

it('a queue that SQS does not tell of hides no other', async () => {
  vi.stubEnv('SEARCH_URL', 'https://search.example')
  vi.stubEnv('TOPIC_ARN', 'arn:aws:sns:eu-central-1:123456789012:alerts')
  vi.stubEnv('STATE_BUCKET', 'state')
  vi.stubEnv('QUEUE_URLS', 'https://sqs.example/1/gone,https://sqs.example/1/dead')
  const said = vi.spyOn(console, 'error').mockImplementation(() => {})
  const { queues } = await import('./tell.ts')
  const sqs = {
    send: async ({ input }: { input: { QueueUrl: string } }) => {
      if (input.QueueUrl.endsWith('gone')) throw new Error('The specified queue does not exist')
      return { Attributes: { ApproximateNumberOfMessages: '2' } }
    },
  } as unknown as SQSClient
  expect(await queues(sqs)).toEqual([
    { name: 'gone', attributes: {} },
    { name: 'dead', attributes: { ApproximateNumberOfMessages: '2' } },
  ])
  expect(said).toHaveBeenCalledExactlyOnceWith('https://sqs.example/1/gone: The specified queue does not exist')
  vi.unstubAllEnvs()
  said.mockRestore()
})
