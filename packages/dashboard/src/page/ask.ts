import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import type { Failure, RequestName, Requests } from '../api.ts'

/** The page's requests, with the token that its address had. */

const key = 'flowferry-token'

/** Of the address that was opened, until the server took it: a link from elsewhere may have any, and is not to end a session. */
let given: string | undefined

/**
 * The token from the address that serve printed, where it is there, also where it was pasted into an open tab. Once it is
 * taken it is kept for other tabs of this address, which no other server of the machine can read; a cookie would go to all
 * of them.
 *
 * @returns whether there was one
 */
export function takeToken(): boolean {
  const [, token] = /^#token=([\w-]+)$/.exec(location.hash) ?? []
  if (token === undefined) return false
  given = token
  history.replaceState(null, '', '#/now')
  return true
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
  const kept = localStorage.getItem(key)
  const token = given ?? kept ?? ''
  try {
    const response = await fetch(`/api/${name}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify(body),
      signal,
    })
    const isRefused = response.status === 401
    if (!isRefused && token !== kept) localStorage.setItem(key, token)
    if (token === given) given = undefined
    if (isRefused && kept !== null && token !== kept) return await request(name, body, signal)
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
