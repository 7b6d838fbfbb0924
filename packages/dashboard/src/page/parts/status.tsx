import { printable } from '@flowferry/core'
import type { ComponentChildren } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { Failure } from '../../api.ts'
import type { Asking } from '../ask.ts'

/** What is asked, until it is answered: how long it takes, a way to end it, or why it failed and what to do. */
export function Answer<T>({
  asking,
  of,
  children,
}: {
  asking: Asking<T>
  of: string
  children: (data: T) => ComponentChildren
}) {
  const { status, data, failure, stop, again } = asking
  if (status === 'failed') return <Failed failure={failure!} again={again} />
  if (status === 'stopped')
    return (
      <p class="quiet">
        Stopped.{' '}
        <button type="button" class="small" aria-label={`Ask again: ${of}`} onClick={again}>
          Ask again
        </button>
      </p>
    )
  return (
    <div class={status === 'asking' && data !== undefined ? 'answer stale' : 'answer'} aria-busy={status === 'asking'}>
      {status === 'asking' && <Waiting of={of} stop={stop} />}
      {data !== undefined && children(data)}
    </div>
  )
}

function Waiting({ of, stop }: { of: string; stop: () => void }) {
  const [seconds, setSeconds] = useState(0)
  useEffect(() => {
    const timer = setInterval(() => setSeconds((before) => before + 1), 1000)
    return () => clearInterval(timer)
  }, [])
  return (
    <p class="waiting">
      <span class="pulse" aria-hidden="true" />
      <span>{seconds === 0 ? 'Asking' : `Asking for ${seconds} s`}</span>
      {seconds > 0 && (
        <button type="button" class="small" aria-label={`Stop: ${of}`} onClick={stop}>
          Stop
        </button>
      )}
    </p>
  )
}

export function Failed({ failure, again }: { failure: Failure; again?: () => void }) {
  return (
    <div class="failed" role="alert">
      <p>
        <b>{printable(failure.message)}</b>
      </p>
      <p>
        {failure.advice} <code>{failure.code}</code>
      </p>
      {again && (
        <button type="button" onClick={again}>
          Ask again
        </button>
      )}
    </div>
  )
}

/** Why something is missing. */
export function Partial({ partial }: { partial?: { why: string } | undefined }) {
  if (!partial) return null
  return (
    <p class="partial">
      <b>Not the whole answer:</b> {printable(partial.why)}.
    </p>
  )
}
