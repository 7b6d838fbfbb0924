import { S3Client } from '@aws-sdk/client-s3'
import { SQSClient } from '@aws-sdk/client-sqs'
import { detect, ingest } from '@flowferry/core'
import { cloudFront } from '@flowferry/core/formats/cloudfront'
import { cloudTrail } from '@flowferry/core/formats/cloudtrail'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { opensearch } from '@flowferry/sink-opensearch'
import { consume, s3Objects } from '@flowferry/source-s3'
import { Client } from '@opensearch-project/opensearch'
import { login, node, options, queueUrl, reading, stopped } from './environment.ts'

const s3 = new S3Client()
const sqs = new SQSClient()
const sink = opensearch({ client: new Client({ node, ...login }) })
const parser = detect([vpcFlow, cloudTrail, cloudFront])

const totals = await consume(
  queueUrl,
  (messages, signal) => ingest({ source: s3Objects(messages, { s3, ...reading }), parser, sink, signal }),
  { sqs, signal: stopped, ...options },
)
console.log(JSON.stringify(totals))
