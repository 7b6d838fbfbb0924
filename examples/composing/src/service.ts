import { ingest } from '@flowferry/core'
import { requireDone, s3Objects } from '@flowferry/source-s3'
import express, { type ErrorRequestHandler } from 'express'
import { aws, parser, sink } from './pipeline.ts'

export const service = express()

// JSON whatever its type is said to be: SNS says text/plain.
const json = express.json({ limit: '1mb', type: () => true })

service.post('/events', json, async (request, response) => {
  const report = await ingest({ source: s3Objects(request.body, aws), parser, sink })
  requireDone(report)
  response.json(report.counts)
})

// A sender tries 503 again, and gives up at 422: another try would read the same.
const refuse: ErrorRequestHandler = (error, _request, response, _next) => {
  response
    .status(error.status ?? (error.retryable === false ? 422 : 503))
    .json({ code: error.code, message: error.message })
}
service.use(refuse)
