import { PublishCommand, type SNSClient } from '@aws-sdk/client-sns'
import { GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs'
import { type AlertsReport, alerts, type QueueState, tellFinding } from '@flowferry/answers/alerts'
import { queueUrls, topic } from './environment.ts'

/** What is new and what is over, a message each, with attributes by which subscriptions filter. */
export async function tell(sns: SNSClient, { findings }: AlertsReport): Promise<void> {
  for (const finding of findings) {
    const { status, severity, alert } = finding
    if (status === 'ongoing') continue
    const attributes = Object.entries({ status, severity, alert }).map(([name, StringValue]) => [
      name,
      { DataType: 'String', StringValue },
    ])
    await sns.send(
      new PublishCommand({
        TopicArn: topic,
        // SNS takes a hundred characters of ASCII: what a log holds is in the message alone.
        Subject: `${status}: ${alert}`.slice(0, 100),
        Message: tellFinding(alerts, finding),
        MessageAttributes: Object.fromEntries(attributes),
      }),
    )
  }
}

/** What SQS says of the dead-letter queues. */
export function queues(sqs: SQSClient): Promise<QueueState[]> {
  const AttributeNames = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] as const
  return Promise.all(
    queueUrls.map(async (QueueUrl) => {
      const command = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...AttributeNames] })
      // The evaluation says of which queue it does not know, and the logs are looked at.
      const { Attributes = {} } = await sqs.send(command).catch((error: Error) => {
        console.error(`${QueueUrl}: ${error.message}`)
        return { Attributes: {} }
      })
      return { name: QueueUrl.slice(QueueUrl.lastIndexOf('/') + 1), attributes: Attributes }
    }),
  )
}
