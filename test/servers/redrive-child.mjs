// Redrives, and dies by SIGKILL at one of its requests to SQS: before it is sent, or when its answer is there.
// Started by redrive-kill.test.ts, on the built packages.
import { SQSClient } from '@aws-sdk/client-sqs'
import { redrive } from '../../packages/source-s3/dist/index.js'

const { endpoint, from, to, request, moment } = JSON.parse(process.argv[2])
const client = new SQSClient({
  endpoint,
  region: 'us-east-1',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
})
let requests = 0
const sqs = {
  send: async (...args) => {
    const dies = requests++ === request
    if (dies && moment === 'before') process.kill(process.pid, 'SIGKILL')
    const answer = await client.send(...args)
    if (dies) process.kill(process.pid, 'SIGKILL')
    return answer
  },
}
const filter = ({ cause }) => cause?.code !== 'OBJECT_NOT_FOUND'
await redrive({ sqs, from, to, filter, visibilitySeconds: 10 })
