import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** How an invocation ended: an answer, an error that the function threw, its time-out, or its process. */
export interface Invocation {
  readonly ended: 'response' | 'error' | 'timeout' | 'exit'
  /** The answer, or what Lambda shows of an error: `errorType`, `errorMessage`. */
  readonly body: { readonly [name: string]: unknown; readonly errorType?: string; readonly errorMessage?: string }
  readonly cold: boolean
  readonly milliseconds: number
}

export interface LambdaRuntime {
  readonly invoke: (event: unknown) => Promise<Invocation>
  /** What the function wrote: its log. */
  readonly log: () => string
  readonly close: () => Promise<void>
}

export interface LambdaOptions {
  /** The Node binary and the client's entry point. */
  readonly node: string
  readonly client: string
  readonly taskRoot: string
  /** `file.function` */
  readonly handler: string
  readonly environment: Readonly<Record<string, string>>
  /** Milliseconds an invocation; then the process is killed, as Lambda does. */
  readonly timeout: number
}

/**
 * One Lambda sandbox: the runtime API that AWS's own client asks, and the process of that client.
 * https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 */
export async function lambdaRuntime(options: LambdaOptions): Promise<LambdaRuntime> {
  let child: ChildProcess | undefined
  let log = ''
  let request = 0
  let waiting: ServerResponse | undefined
  let event: { readonly id: string; readonly body: string } | undefined
  let timer: NodeJS.Timeout | undefined
  let answer: (ended: Invocation['ended'], body: Invocation['body']) => void = () => undefined

  const server = createServer(async (incoming, response) => {
    const path = incoming.url!.replace('/2018-06-01/runtime/', '')
    if (path === 'invocation/next') {
      waiting = response
      return give()
    }
    const body = JSON.parse((await text(incoming)) || 'null')
    response.writeHead(202, { 'content-type': 'application/json' }).end('{}')
    answer(path.endsWith('/response') ? 'response' : 'error', body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  return {
    invoke: async (value) => {
      const cold = child === undefined
      const started = performance.now()
      event = { id: `request-${++request}`, body: JSON.stringify(value) }
      const ended = new Promise<Pick<Invocation, 'ended' | 'body'>>((resolve) => {
        answer = (how, body) => resolve({ ended: how, body })
      })
      child ??= start()
      give()
      const result = await ended
      clearTimeout(timer)
      return { ...result, cold, milliseconds: Math.round(performance.now() - started) }
    },
    log: () => log,
    close: async () => {
      stop()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }

  function give(): void {
    if (!waiting || !event) return
    const { id, body } = event
    // The time-out begins when the function does: its start has a time of its own, 10 s.
    const deadline = Date.now() + options.timeout
    timer = setTimeout(() => {
      answer('timeout', {})
      stop()
    }, options.timeout)
    waiting.writeHead(200, {
      'content-type': 'application/json',
      'lambda-runtime-aws-request-id': id,
      'lambda-runtime-deadline-ms': String(deadline),
      'lambda-runtime-invoked-function-arn': 'arn:aws:lambda:us-east-1:123456789012:function:flowferry',
    })
    waiting.end(body)
    waiting = undefined
    event = undefined
  }

  function start(): ChildProcess {
    const started = spawn(options.node, [options.client, options.handler], {
      cwd: options.taskRoot,
      env: {
        PATH: process.env.PATH,
        AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${(server.address() as AddressInfo).port}`,
        AWS_LAMBDA_FUNCTION_NAME: 'flowferry',
        AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
        AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '1024',
        AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/flowferry',
        AWS_LAMBDA_LOG_STREAM_NAME: '2026/11/22/[$LATEST]0',
        LAMBDA_TASK_ROOT: options.taskRoot,
        _HANDLER: options.handler,
        ...options.environment,
      },
    })
    for (const stream of [started.stdout, started.stderr])
      stream.on('data', (data) => {
        log = (log + data).slice(-200_000)
      })
    started.on('exit', () => {
      if (child !== started) return
      child = undefined
      waiting = undefined
      answer('exit', {})
    })
    return started
  }

  function stop(): void {
    child?.kill('SIGKILL')
    child = undefined
    waiting = undefined
  }
}

async function text(incoming: IncomingMessage): Promise<string> {
  let result = ''
  for await (const chunk of incoming) result += chunk
  return result
}
