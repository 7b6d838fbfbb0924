import { S3Client } from '@aws-sdk/client-s3'
import { SQSClient } from '@aws-sdk/client-sqs'
import { Client } from '@elastic/elasticsearch'
import { detect, ingest, objectEvent } from '@flowferry/core'
import { cloudFront } from '@flowferry/core/formats/cloudfront'
import { cloudTrail } from '@flowferry/core/formats/cloudtrail'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { elasticsearch } from '@flowferry/sink-elasticsearch'
import { s3Objects } from '@flowferry/source-s3'
import { Consumer } from 'sqs-consumer'

const s3 = new S3Client()
const parser = detect([vpcFlow, cloudTrail, cloudFront])

/**
 * A worker that was there before: sqs-consumer receives and deletes, flowferry reads and stores. `buckets` are those that a
 * message may name: without them whoever may send one chooses what is read. The queue's visibility timeout is longer than a
 * batch takes; where files are large, sqs-consumer's `visibilityTimeout` and `heartbeatInterval` keep them hidden.
 */
export function createWorker(queueUrl: string, node: string, buckets: readonly string[]): Consumer {
  const sink = elasticsearch({ client: new Client({ node }) })
  return Consumer.create({
    queueUrl,
    sqs: new SQSClient(),
    batchSize: 10,
    handleMessageBatch: async (messages) => {
      const { messages: reports } = await ingest({ source: s3Objects(messages, { s3, buckets }), parser, sink })
      // What comes again, and lines that no parser reads, are in no log of sqs-consumer's.
      for (const { messageId, status, error, objects } of reports)
        if (status === 'failed' || objects.some(({ counts }) => counts.malformed > 0))
          console.error(JSON.stringify({ messageId, error, objects: objects.map(objectEvent) }))
      const done = new Set(reports.filter(({ status }) => status === 'done').map(({ messageId }) => messageId))
      // What is returned is deleted; the rest comes again.
      return messages.filter(({ MessageId }) => done.has(MessageId))
    },
  })
}
