import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import type { Failure, RequestName, Requests } from '../api.ts'

/** The page's requests, with the token that its address had. */

const key = 'flowferry-token'

/**
 * The token from the address that serve printed, where it is there. It is kept for other tabs of this address, which no
 * other server of the machine can read; a cookie would go to all of them.
 */
export function takeToken(): void {
  const [, token] = /^#token=([\w-]+)$/.exec(location.hash) ?? []
  if (token === undefined) return
  localStorage.setItem(key, token)
  history.replaceState(null, '', '#/now')
}

/** Calls back when another tab got a newer token. */
export function onToken(changed: () => void): () => void {
  const listener = ({ key: name, newValue }: StorageEvent) => {
    if (name === key && newValue !== null) changed()
  }
  addEventListener('storage', listener)
  return () => removeEventListener('storage', listener)
}

class RequestFailure extends Error {
  readonly failure: Failure
  constructor(failure: Failure) {
    super(failure.message)
    this.failure = failure
  }
}

const away: Failure = {
  code: 'AWAY',
  message: 'The server of this page does not answer',
  advice: 'It may have been stopped. Start flowferry serve again, and open the address that it prints.',
}

async function request<Name extends RequestName>(
  name: Name,
  body: Requests[Name]['takes'],
  signal: AbortSignal,
): Promise<Requests[Name]['gives']> {
  let response: Response
  try {
    response = await fetch(`/api/${name}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${localStorage.getItem(key) ?? ''}` },
      body: JSON.stringify(body),
      signal,
    })
    const answer = await response.json()
    if (response.ok) return answer
    throw new RequestFailure((answer as { error: Failure }).error)
  } catch (error) {
    if (signal.aborted || error instanceof RequestFailure) throw error
    throw new RequestFailure(away)
  }
}

export interface Asking<T> {
  readonly status: 'asking' | 'done' | 'failed' | 'stopped'
  /** Of the answer before, while the next one is asked for. */
  readonly data?: T
  readonly failure?: Failure
  /** Ends it: the server stops the store's work, too. */
  readonly stop: () => void
  readonly again: () => void
}

/** Asks while the component is there, and anew when what is asked changes. Undefined: nothing is asked. */
export function useAnswer<Name extends RequestName>(
  name: Name,
  body: Requests[Name]['takes'] | undefined,
): Asking<Requests[Name]['gives']> {
  type State = Omit<Asking<Requests[Name]['gives']>, 'stop' | 'again'>
  const [state, setState] = useState<State>({ status: 'asking' })
  const [turn, setTurn] = useState(0)
  const running = useRef<AbortController>(undefined)
  const asked = body && JSON.stringify(body)
  useEffect(() => {
    if (asked === undefined) return undefined
    const controller = new AbortController()
    running.current = controller
    setState(({ data }) => ({ status: 'asking', ...(data && { data }) }))
    request(name, JSON.parse(asked), controller.signal).then(
      (data) => {
        if (!controller.signal.aborted) setState({ status: 'done', data })
      },
      (error: unknown) => {
        if (controller.signal.aborted) return
        const failure = error instanceof RequestFailure ? error.failure : { ...away, message: String(error) }
        setState({ status: 'failed', failure })
      },
    )
    return () => controller.abort()
  }, [name, asked, turn])
  const stop = useCallback(() => {
    running.current?.abort()
    setState({ status: 'stopped' })
  }, [])
  const again = useCallback(() => setTurn((before) => before + 1), [])
  return { ...state, stop, again }
}
