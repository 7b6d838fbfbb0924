import { S3Client } from '@aws-sdk/client-s3'
import { SQSClient } from '@aws-sdk/client-sqs'
import { Client } from '@elastic/elasticsearch'
import { type Deadline, detect, ingest } from '@flowferry/core'
import { cloudFront } from '@flowferry/core/formats/cloudfront'
import { cloudTrail } from '@flowferry/core/formats/cloudtrail'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { elasticsearch } from '@flowferry/sink-elasticsearch'
import { batchResponse, type SqsEvent, s3Objects, settle } from '@flowferry/source-s3'
import { apiKey, deadLetter, node, reading } from './environment.ts'

const aws = { s3: new S3Client(), sqs: new SQSClient() }
const sink = elasticsearch({ client: new Client({ node, auth: { apiKey } }) })
const parser = detect([vpcFlow, cloudTrail, cloudFront])

export const handler = async (event: SqsEvent, context: Deadline) => {
  const report = await ingest({ source: s3Objects(event, { ...aws, ...reading }), parser, sink, deadline: context })
  const settled = await settle(report, event, { ...aws, deadLetter })
  if (!settled.ok || settled.deadLettered.length + settled.counts.malformed > 0) console.error(JSON.stringify(settled))
  return batchResponse(settled)
}
