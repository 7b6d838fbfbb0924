/** A connection may die in silence, and neither the AWS SDK nor a client's retries end by themselves. */
const longest = 10_000

/** Clients of AWS, as far as it is told here. */
interface Sender {
  send: (...args: never[]) => unknown
}

/**
 * What a request resolves with. It ends with the user's signal, and after 10 s without an answer.
 *
 * @param name Whose answer it is, for the error
 * @param ask Sends it; its signal ends the request itself
 * @throws Error whose `code` is `ABORTED` or `ETIMEDOUT`, beside what `ask` rejects with
 * @example
 * const told = await within('STS', io.signal, (abortSignal) => sts.send(command, { abortSignal }))
 */
export async function within<T>(
  name: string,
  signal: AbortSignal | undefined,
  ask: (signal: AbortSignal) => PromiseLike<T>,
  milliseconds = longest,
): Promise<T> {
  const stop = new AbortController()
  let reject!: (reason: Error) => void
  const ended = new Promise<never>((_, rejectWith) => {
    reject = rejectWith
  })
  const end = (code: string, message: string) => {
    const reason = Object.assign(new Error(message), { code })
    reject(reason)
    stop.abort(reason)
  }
  const onAbort = () => end('ABORTED', `${name} was asked, and the user ended it`)
  const timer = setTimeout(
    () => end('ETIMEDOUT', `${name} gave no answer within ${milliseconds / 1000} s`),
    milliseconds,
  )
  signal?.addEventListener('abort', onAbort)
  if (signal?.aborted) onAbort()
  try {
    // A race, since a client of AWS heeds no signal while it gets credentials.
    return await Promise.race([ended, ...(stop.signal.aborted ? [] : [ask(stop.signal)])])
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
  }
}

/**
 * The same client of AWS, each of whose requests is asked `within`. A body that comes after the answer has its own end.
 *
 * @example
 * const sqs = bounded(new SQSClient(), 'SQS', io.signal)
 */
export function bounded<C extends Sender>(
  client: C,
  name: string,
  signal: AbortSignal | undefined,
  milliseconds?: number,
): C {
  const send = client.send.bind(client) as unknown as (command: unknown, options: object) => Promise<unknown>
  const sendWithin = (command: unknown, options: { readonly abortSignal?: AbortSignal } = {}) => {
    const given = options.abortSignal
    const ask = (own: AbortSignal) =>
      send(command, { ...options, abortSignal: given ? AbortSignal.any([own, given]) : own })
    return within(name, signal, ask, milliseconds)
  }
  client.send = sendWithin as C['send']
  return client
}
