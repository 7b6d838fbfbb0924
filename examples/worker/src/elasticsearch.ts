import { S3Client } from '@aws-sdk/client-s3'
import { SQSClient } from '@aws-sdk/client-sqs'
import { Client } from '@elastic/elasticsearch'
import { detect, ingest } from '@flowferry/core'
import { cloudFront } from '@flowferry/core/formats/cloudfront'
import { cloudTrail } from '@flowferry/core/formats/cloudtrail'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { elasticsearch } from '@flowferry/sink-elasticsearch'
import { consume, s3Objects } from '@flowferry/source-s3'
import { key, node, options, queueUrl, reading, stopped } from './environment.ts'

const s3 = new S3Client()
const sqs = new SQSClient()
const sink = elasticsearch({ client: new Client({ node, ...key }) })
const parser = detect([vpcFlow, cloudTrail, cloudFront])

const totals = await consume(
  queueUrl,
  (messages, signal) => ingest({ source: s3Objects(messages, { s3, ...reading }), parser, sink, signal }),
  { sqs, signal: stopped, ...options },
)
console.log(JSON.stringify(totals))
