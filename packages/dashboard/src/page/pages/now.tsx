import { printable } from '@flowferry/core'
import { plural } from '@flowferry/core/internal'
import { useEffect, useState } from 'preact/hooks'
import type { FoundAnswer, Start } from '../../api.ts'
import { useAnswer } from '../ask.ts'
import { lengthText, timeOf } from '../figures.ts'
import { toPage, useHere } from '../parts/context.ts'
import { CopyMenu } from '../parts/copy-menu.tsx'
import { Failed, Partial } from '../parts/status.tsx'
import { Table } from '../parts/table.tsx'
import { PanelCard } from './panels.tsx'

type State = 'asking' | 'failed' | 'stopped' | 'found' | 'partly' | 'absent' | 'nothing'
const words = { fault: 'Fault', notice: 'Look', change: 'Change' } as const

/** What is wrong now: what was found comes first, and what was looked at in vain in short after it. */
export function Now() {
  const here = useHere()
  const { start, say, route } = here
  const [states, setStates] = useState<Readonly<Record<string, { state: State; severity?: FoundAnswer['severity'] }>>>(
    {},
  )
  const put = (name: string, state: State, severity?: FoundAnswer['severity']) =>
    setStates((before) =>
      before[name]?.state === state && before[name]?.severity === severity
        ? before
        : { ...before, [name]: { state, ...(severity && { severity }) } },
    )
  const all = start.findings.map(({ name }) => states[name])
  const open = all.filter((one) => one === undefined || one.state === 'asking').length
  const counted = (severity: string) => all.filter((one) => one?.state === 'found' && one.severity === severity).length
  const [faults, notices, changes] = ['fault', 'notice', 'change'].map(counted) as [number, number, number]
  const of = (...wanted: State[]) => all.filter((one) => one !== undefined && wanted.includes(one.state)).length
  const failed = of('failed')
  const stopped = of('stopped')
  const partly = of('partly')
  const parts = [
    ...(faults > 0 ? [plural(faults, 'fault', 'faults')] : []),
    ...(notices > 0 ? [`${notices} to look at`] : []),
    ...(changes > 0 ? [plural(changes, 'kind of change', 'kinds of changes')] : []),
    ...(failed > 0 ? [`${failed} could not be asked`] : []),
    ...(stopped > 0 ? [`${stopped} not looked for`] : []),
    ...(partly > 0 ? [plural(partly, 'answer is not whole', 'answers are not whole')] : []),
  ]
  const verdict = parts.length > 0 ? parts.join(', ') : open > 0 ? 'Looking' : 'Nothing is found that needs a look'
  useEffect(() => {
    if (open === 0) say(verdict)
  }, [open, verdict, say])
  const order = (name: string) => {
    const { state, severity = 'notice' } = states[name] ?? { state: 'asking' as const }
    if (state === 'found') return { fault: 0, notice: 1, change: 2 }[severity]
    return { failed: 0, asking: 3, stopped: 3, partly: 3, nothing: 4, absent: 5 }[state]
  }
  const flows = start.dashboards.flatMap(({ panels }) => panels).find(({ name }) => name === 'flows-by-action')
  const doubts = notices + failed + stopped + partly
  const tone = faults > 0 ? 'bad' : doubts > 0 ? 'warn' : open > 0 ? '' : 'good'
  return (
    <>
      <div class="head" aria-busy={open > 0}>
        <h1 tabIndex={-1}>
          <span class={`dot ${tone}`} aria-hidden="true" />
          {verdict}
          {open > 0 && <span class="quiet">{parts.length > 0 ? ', still looking' : ' …'}</span>}
        </h1>
      </div>
      {route.page === 'alerts' && route.name !== undefined && (
        <p class="note">
          From the alert <b>{printable(route.name)}</b>: what is found in its span.
        </p>
      )}
      <div class="findings">
        {[...start.findings]
          .map((finding, index) => ({ finding, place: order(finding.name) * 100 + index }))
          .sort((one, other) => one.place - other.place)
          .map(({ finding }) => (
            <Finding key={finding.name} finding={finding} put={put} />
          ))}
      </div>
      {flows && <PanelCard panel={flows} />}
    </>
  )
}

function Finding({
  finding,
  put,
}: {
  finding: Start['findings'][number]
  put: (name: string, state: State, severity?: FoundAnswer['severity']) => void
}) {
  const here = useHere()
  const asking = useAnswer('finding', { name: finding.name, ...here.within })
  const { status, data, failure, again, stop } = asking
  const isOut = data?.partial?.absent === true
  const state: State =
    status !== 'done'
      ? status
      : data?.sentence !== undefined
        ? 'found'
        : isOut
          ? 'absent'
          : data?.partial
            ? 'partly'
            : 'nothing'
  const severity = data?.severity
  useEffect(() => put(finding.name, state, severity), [finding.name, state, severity, put])
  const { local } = here.route
  if (status === 'failed')
    return (
      <article class="card bad">
        <h2>{finding.title}</h2>
        <Failed failure={failure!} again={again} />
      </article>
    )
  if (data === undefined || data.sentence === undefined)
    return (
      <article class="line" aria-busy={status === 'asking'}>
        <h2>
          <span
            aria-hidden="true"
            class={status === 'asking' ? 'pulse' : isOut || data?.partial ? 'tick none' : 'tick'}
          />
          {finding.title}
        </h2>
        <p>
          {status === 'asking' ? (
            <>
              Looking …{' '}
              <button type="button" class="small" onClick={stop} aria-label={`Stop: ${finding.title}`}>
                Stop
              </button>
            </>
          ) : status === 'stopped' ? (
            <button type="button" class="small" onClick={again} aria-label={`Look again: ${finding.title}`}>
              Look again
            </button>
          ) : isOut ? (
            'The store has no such logs.'
          ) : (
            <>
              Nothing found. <span class="quiet">{finding.looked}</span>
            </>
          )}
        </p>
        {!isOut && <Partial partial={data?.partial} />}
      </article>
    )
  const { from, to } = data.span
  return (
    <article class={`card ${data.severity} ${status === 'asking' ? 'stale' : ''}`} aria-busy={status === 'asking'}>
      <header>
        <span class={`badge ${data.severity}`}>{words[data.severity]}</span>
        <h2>{finding.title}</h2>
        <span class="spacer" />
        <CopyMenu copies={data.copy} of={finding.title} />
      </header>
      <p class="sentence">{printable(data.sentence)}</p>
      <Partial partial={data.partial} />
      <Table caption={finding.title} columns={data.columns} rows={data.rows} />
      <p class="below">
        {data.notes.map((note) => (
          <span key={note} class="quiet">
            {note}{' '}
          </span>
        ))}
        <span class="quiet">
          {timeOf(from, local)} to {timeOf(to, local)}, {lengthText(from, to)}.
        </span>{' '}
        <a
          href={toPage({ ...here, route: { ...here.route, since: from, until: to } }, 'questions', {}, data.question)}
          aria-label={`${data.more ? 'All of them' : 'Open the question'}: ${finding.title}`}
        >
          {data.more ? 'All of them' : 'Open the question'}
        </a>
      </p>
    </article>
  )
}
