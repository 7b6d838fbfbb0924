import { S3Client } from '@aws-sdk/client-s3'
import { SNSClient } from '@aws-sdk/client-sns'
import { SQSClient } from '@aws-sdk/client-sqs'
import { alerts, evaluate } from '@flowferry/answers/alerts'
import { openSearchStore } from '@flowferry/answers/opensearch'
import { Client } from '@opensearch-project/opensearch'
import { auth, logs, node, options } from './environment.ts'
import { keep, load } from './state.ts'
import { queues, tell } from './tell.ts'

const [s3, sns, sqs] = [new S3Client(), new SNSClient(), new SQSClient()]
const store = openSearchStore({ client: new Client({ node, auth }), ...logs })

export const handler = async () => {
  const before = await load(s3)
  const report = await evaluate(store, alerts, { ...options, ...before, queues: await queues(sqs) })
  // Told first: a message that comes twice is better than one that never comes.
  await tell(sns, report)
  await keep(s3, report.state, before)
  if (report.partial) throw new Error(`Not the whole answer: ${report.partial.why}`)
}
