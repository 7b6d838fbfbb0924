import { printable } from '@flowferry/core'
import { hostPort } from '@flowferry/core/internal'
import { useMemo, useState } from 'preact/hooks'
import type { Because, BecauseTargets, Leg, PairCharts } from '../../api.ts'
import { useAnswer } from '../ask.ts'
import { TimelineChart } from '../charts/timeline.tsx'
import { cellOf, timeOf } from '../figures.ts'
import { millisecondsOf, timelineOf } from '../geometry.ts'
import { changed, go, toPage, useHere } from '../parts/context.ts'
import { Command, CopyMenu } from '../parts/copy-menu.tsx'
import { evidenceColumns, evidenceRows } from '../parts/evidence.ts'
import { Answer, Partial } from '../parts/status.tsx'
import { Table } from '../parts/table.tsx'

/** `10.0.9.12:5432`, `[2001:db8::12]:443`, `orders-db:5432` */
export function targetIn(text: string): { b: string; port?: number } {
  const [, bracketed, port] = /^\[(.+)\](?::(\d{1,5}))?$/.exec(text) ?? []
  const isV6 = (text.match(/:/g)?.length ?? 0) > 1
  const [, plain, plainPort] = isV6 ? [] : (/^(.+?)(?::(\d{1,5}))?$/s.exec(text) ?? [])
  const digits = port ?? plainPort
  return { b: bracketed ?? plain ?? text, ...(digits !== undefined && { port: Number(digits) }) }
}

const targetText = (b: string, port: string | number | undefined): string =>
  port === undefined || port === '' ? b : hostPort(b, port)

/** A pair: why A does not reach B. Without B, which of A's targets fail. */
export function Pair() {
  const here = useHere()
  const { a = '', b = '', port = '' } = here.route.with
  const [from, setFrom] = useState(a)
  const [to, setTo] = useState(targetText(b, port))
  const submit = (event: Event) => {
    event.preventDefault()
    const target = to.trim() === '' ? {} : targetIn(to.trim())
    const { b: other, port: number } = target as { b?: string; port?: number }
    go(toPage(here, 'pair', { a: from.trim(), b: other, port: number }))
  }
  return (
    <>
      <search aria-label="A pair">
        <form class="ask" onSubmit={submit}>
          <label>
            <span>From A</span>
            <input
              id="pair-a"
              value={from}
              onInput={({ currentTarget }) => setFrom(currentTarget.value)}
              placeholder="10.0.3.7, eni-…, i-…"
              required
            />
          </label>
          <span class="arrow" aria-hidden="true">
            →
          </span>
          <label>
            <span>To B, with its port</span>
            <input
              value={to}
              onInput={({ currentTarget }) => setTo(currentTarget.value)}
              placeholder="10.0.9.12:5432; empty: all"
            />
          </label>
          <button type="submit" class="main">
            Why?
          </button>
        </form>
      </search>
      {a === '' ? (
        <>
          <h1 tabIndex={-1}>Why does A not reach B?</h1>
          <p class="quiet">
            Say who calls and who is called: an address, an interface, an instance or a name of the snapshot. Without B,
            all targets of A are looked at.
          </p>
        </>
      ) : b === '' ? (
        <TargetsOf a={a} />
      ) : (
        <WhyOf a={a} b={b} port={port} />
      )}
    </>
  )
}

function WhyOf({ a, b, port }: { a: string; b: string; port: string }) {
  const here = useHere()
  const asking = useAnswer('why', { a, b, ...(port !== '' && { port: Number(port) }), ...here.within })
  return (
    <>
      {asking.data === undefined && (
        <h1 tabIndex={-1}>
          Why does {printable(a)} not reach {printable(targetText(b, port))}?
        </h1>
      )}
      <Answer asking={asking} of="the cause">
        {(data) => <Found data={data} />}
      </Answer>
    </>
  )
}

const certainties = {
  certain: ['Certain', 'AWS wrote it in the records.'],
  high: ['High', 'The records leave no other cause.'],
  medium: ['Medium', 'A pattern that has few other explanations.'],
  'consistent-with': ['Consistent', 'It fits the records, and other causes do, too.'],
  'cannot-tell': ['Cannot tell', 'The records do not say.'],
} as const

function Found({ data: { answer, port, copy } }: { data: Because }) {
  const here = useHere()
  const { local } = here.route
  const { sentence, certainty, cause, alternatives, tries, onset, changes, next, verify, others } = answer
  const { pairs, evidence, ruledOut, cannotTell, assumptions, completeUntil } = answer
  const pair = pairs[0]!
  const charts = useAnswer('charts', {
    a: pair.a,
    b: pair.b,
    ...(port !== undefined && { port }),
    ...(onset !== undefined && { onset }),
    ...here.within,
  })
  const [word, meaning] = certainties[certainty]
  const tone = cause === 'no-fault' ? 'good' : cause === 'cannot-tell' ? 'notice' : 'fault'
  const before = changes.filter(({ secondsBefore }) => secondsBefore >= 0)
  const nearest = before[0]
  // What is still to be put in is a redirection to a shell.
  const isCommand = (text: string) => /^(aws|flowferry) [^<>]*$/.test(text)
  const nameOf = (address: string, name: string | undefined) => (name === undefined ? address : `${name} (${address})`)
  const [nameA, nameB] = [nameOf(pair.a, pair.aName), nameOf(targetText(pair.b, port), pair.bName)]
  const records = toPage(here, 'flows', { a: pair.a, b: pair.b, port })
  return (
    <>
      <article class={`card verdict ${tone}`}>
        <header>
          <span class={`badge ${tone}`}>{word}</span>
          <span class="quiet">
            {meaning}
            {alternatives.length > 0 && ` The same would show with ${alternatives.join(', ')}.`}
          </span>
          <span class="spacer" />
          <CopyMenu copies={copy} of="the cause" />
        </header>
        <h1 tabIndex={-1}>{printable(sentence)}</h1>
        <ul class="facts">
          {tries.all > 0 && (
            <li>
              <b>
                {tries.failed} of {tries.all}
              </b>{' '}
              connections failed
            </li>
          )}
          {onset !== undefined && (
            <li>
              since <b>{timeOf(onset, local)}</b>
            </li>
          )}
          <li>
            complete until <b>{completeUntil === undefined ? 'not known' : timeOf(completeUntil, local)}</b>
          </li>
          {others.clients.seen > 0 && (
            <li>
              other clients of B:{' '}
              <b>
                {others.clients.answered} of {others.clients.seen}
              </b>{' '}
              get answers
            </li>
          )}
          {others.targets.seen > 0 && (
            <li>
              other targets of A:{' '}
              <b>
                {others.targets.answered} of {others.targets.seen}
              </b>{' '}
              answer
            </li>
          )}
        </ul>
        {nearest && (
          <p class="changed">
            <b>{secondsText(nearest.secondsBefore)} before:</b> {printable(nearest.event)} of{' '}
            <code>{printable(nearest.resource)}</code> by <b>{printable(nearest.by)}</b>, {timeOf(nearest.time, local)}
          </p>
        )}
        {next.length > 0 && (
          <div class="next">
            <h2>Next</h2>
            <ul>
              {next.map((text) => (
                <li key={text}>{isCommand(text) ? <Command text={printable(text)} /> : printable(text)}</li>
              ))}
            </ul>
          </div>
        )}
      </article>

      <article class="card">
        <header>
          <h2>What was seen where{onset !== undefined && cause !== 'no-fault' ? ', since it fails' : ''}</h2>
        </header>
        <Answer asking={charts} of="what was seen where">
          {(found) => (
            <>
              <Partial partial={found.partial} />
              <Picture legs={found.legs} a={nameA} b={nameB} />
            </>
          )}
        </Answer>
      </article>

      <article class="card">
        <header>
          <h2>Connections over time</h2>
          <span class="spacer" />
          <a href={records}>All records of the pair</a>
        </header>
        {charts.data && <Steps charts={charts.data} changes={changes} />}
      </article>

      <article class="card">
        <header>
          <h2>Evidence</h2>
          <span class="quiet">{evidence.length} records that show it</span>
        </header>
        {evidence.length > 0 ? (
          <Table caption="Evidence" columns={evidenceColumns} rows={evidenceRows(evidence)} plain csv first={9} />
        ) : (
          <p class="quiet">No record shows it.</p>
        )}
      </article>

      <div class="columns">
        <Part title="Changes around it">
          {changes.map(({ eventId, event, resource, by, time, secondsBefore }) => (
            <li key={eventId}>
              <b>
                {secondsBefore >= 0 ? `${secondsText(secondsBefore)} before` : `${secondsText(-secondsBefore)} after`}:
              </b>{' '}
              {printable(event)} of <code>{printable(resource)}</code> by {printable(by)}, {timeOf(time, local)}
            </li>
          ))}
        </Part>
        <Part title="Ruled out">
          {ruledOut.map((one) => (
            <li key={one.cause}>
              <b>{one.cause}</b>: {printable(one.by)}
            </li>
          ))}
        </Part>
        <Part title="Cannot tell">
          {cannotTell.map(({ what, missing }) => (
            <li key={`${what}${missing}`}>
              {printable(what)}. <span class="quiet">Missing: {printable(missing)}</span>
            </li>
          ))}
        </Part>
        <Part title="Assumed">
          {assumptions.map((text) => (
            <li key={text}>{printable(text)}</li>
          ))}
        </Part>
        <Part title="To verify, when it is mended">
          {verify.map((text) => (
            <li key={text}>{isCommand(text) ? <Command text={printable(text)} /> : printable(text)}</li>
          ))}
        </Part>
        {pairs.length > 1 && (
          <Part title="Pairs of addresses">
            {pairs.map((one) => (
              <li key={`${one.a} ${one.b}`}>
                <a href={toPage(here, 'pair', { a: one.a, b: one.b, port })}>
                  {one.a} to {one.b}
                </a>
                : {one.cause}, {one.certainty}; {one.tries.failed} of {one.tries.all}
              </li>
            ))}
          </Part>
        )}
      </div>
    </>
  )
}

function Part({ title, children }: { title: string; children: preact.ComponentChildren }) {
  if (Array.isArray(children) && children.length === 0) return null
  return (
    <article class="card list">
      <h2>{title}</h2>
      <ul>{children}</ul>
    </article>
  )
}

function secondsText(seconds: number): string {
  if (seconds < 120) return `${seconds} s`
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`
}

/** A stop of the packets on their way, of which an interface's log tells. */
const stops = [
  { way: 'request', direction: 'egress', text: 'leaves A' },
  { way: 'request', direction: 'ingress', text: 'reaches B' },
  { way: 'reply', direction: 'egress', text: 'leaves B' },
  { way: 'reply', direction: 'ingress', text: 'reaches A' },
] as const

function Picture({ legs, a, b }: { legs: readonly Leg[]; a: string; b: string }) {
  const at = (way: Leg['way'], direction: Leg['direction']) =>
    legs
      .filter((leg) => leg.way === way && leg.direction === direction)
      .sort((one, other) => other.accepted + other.rejected - one.accepted - one.rejected)
  // The interface of an end is seen by either way.
  const idOf = (end: 'a' | 'b') =>
    (end === 'a'
      ? [...at('request', 'egress'), ...at('reply', 'ingress')]
      : [...at('request', 'ingress'), ...at('reply', 'egress')]
    ).map((leg) => leg.interface)[0]
  const [idA, idB] = [idOf('a'), idOf('b')]
  const isLogged = (direction: string, way: string) =>
    (way === 'request') === (direction === 'egress') ? idA !== undefined : idB !== undefined
  const shown = stops.map(({ way, direction, text }) => {
    const [leg] = at(way, direction)
    return { way, direction, text, leg, isLogged: isLogged(direction, way) }
  })
  const used = new Set(shown.map(({ leg }) => leg))
  const rest = legs.filter((leg) => !used.has(leg))
  return (
    <>
      <ol class="picture">
        <li class="end a">
          <b>{printable(a)}</b>
          <span class="quiet">{idA === undefined ? 'its interface has no log' : printable(String(idA))}</span>
        </li>
        {shown.map(({ way, text, leg, isLogged: logged }) => {
          const [tone, what] = stateOf(leg, logged)
          return (
            <li key={`${way} ${text}`} class={`stop ${tone} ${text.replace(' ', '-').toLowerCase()}`}>
              <span class="way">
                {way === 'request' ? 'Request' : 'Reply'} {text}
              </span>
              <b>{what}</b>
            </li>
          )
        })}
        <li class="end b">
          <b>{printable(b)}</b>
          <span class="quiet">{idB === undefined ? 'its interface has no log' : printable(String(idB))}</span>
        </li>
      </ol>
      {rest.length > 0 && (
        <details class="behind">
          <summary>Other places that saw it: {rest.length}</summary>
          <Table
            caption="Other places that saw it"
            plain
            columns={{
              interface: { heading: 'interface' },
              direction: { heading: 'direction' },
              way: { heading: 'way' },
              accepted: { heading: 'accepted' },
              rejected: { heading: 'rejected' },
              last: { heading: 'last', unit: 'time' },
            }}
            rows={rest as unknown as Record<string, string>[]}
          />
        </details>
      )}
    </>
  )
}

function stateOf(leg: Leg | undefined, isLogged: boolean): [tone: string, text: string] {
  if (!isLogged) return ['none', 'not logged']
  if (!leg) return ['missing', 'no record']
  const { accepted, rejected, resets } = leg
  const some = (value: number) => cellOf(value, undefined, false)
  if (rejected > 0 && rejected >= accepted) return ['rejected', `✕ REJECT, ${some(rejected)} records`]
  const rest = rejected > 0 ? `, ${some(rejected)} rejected` : resets > 0 ? `, ${some(resets)} with RST` : ''
  return [resets >= accepted && resets > 0 ? 'reset' : 'ok', `✓ accepted, ${some(accepted)} records${rest}`]
}

function Steps({ charts, changes }: { charts: PairCharts; changes: Because['answer']['changes'] }) {
  const here = useHere()
  const { span, route } = here
  const { steps, every } = charts
  const rows = useMemo(() => steps.map(({ at, ...counts }) => ({ '@timestamp': at, ...counts })), [steps])
  const timeline = useMemo(() => {
    // Together they are all that were tried.
    const measures = ['answered', 'unanswered', 'rejected']
    return timelineOf(rows, { span, every: millisecondsOf(every), measures, isStacked: true })
  }, [rows, span, every])
  const marks = useMemo(
    () =>
      changes
        .filter(({ time }) => time >= span.from && time < span.to)
        .map(({ time, event, by }) => ({ at: time, text: `${event} by ${by}` })),
    [changes, span],
  )
  return (
    <>
      <TimelineChart
        label="Connections by what became of them"
        timeline={timeline}
        span={span}
        isLocal={route.local}
        marks={marks}
        onNarrow={({ from, to }) => go(changed(here, { since: from, until: to }))}
      />
      {marks.length > 0 && (
        <p class="quiet">
          <span class="mark-sign" aria-hidden="true" /> marks{' '}
          {marks.length === 1 ? 'a change' : `${marks.length} changes`} of the network.
        </p>
      )}
      <details class="behind">
        <summary aria-label="Table: Connections over time">Table</summary>
        <Table
          caption="Connections over time"
          plain
          csv
          columns={{
            '@timestamp': { heading: 'from', unit: 'time' },
            answered: { heading: 'answered' },
            unanswered: { heading: 'unanswered' },
            rejected: { heading: 'rejected' },
          }}
          rows={rows}
        />
      </details>
    </>
  )
}

function TargetsOf({ a }: { a: string }) {
  const here = useHere()
  const asking = useAnswer('targets', { a, ...here.within })
  return (
    <>
      {asking.data === undefined && <h1 tabIndex={-1}>Which targets of {printable(a)} fail?</h1>}
      <Answer asking={asking} of="the targets">
        {({ answer, copy }: BecauseTargets) => (
          <>
            <article
              class={`card verdict ${answer.failing.length > 0 ? 'fault' : answer.targets.all > 0 ? 'good' : 'notice'}`}
            >
              <header>
                <span class="quiet">{certainties[answer.certainty][1]}</span>
                <span class="spacer" />
                <CopyMenu copies={copy} of="the targets" />
              </header>
              <h1 tabIndex={-1}>{printable(answer.sentence)}</h1>
              {answer.common.length > 0 && (
                <ul>
                  {answer.common.map(({ sentence }) => (
                    <li key={sentence}>{printable(sentence)}</li>
                  ))}
                </ul>
              )}
            </article>
            {answer.failing.length > 0 && (
              <article class="card">
                <h2>Targets that fail</h2>
                <Table
                  caption="Targets that fail"
                  columns={{
                    'destination.ip': { heading: 'target' },
                    'destination.port': { heading: 'port', unit: 'code' },
                    requests: { heading: 'requests' },
                    unanswered: { heading: 'unanswered' },
                    refused: { heading: 'refused' },
                    rejected: { heading: 'rejected' },
                    cause: { heading: 'cause' },
                  }}
                  rows={answer.failing.map(
                    ({ a: from, b, port, requests, unanswered, refused, rejected, name, diagnosis }) => ({
                      'source.ip': from,
                      'destination.ip': name === undefined ? b : b,
                      'destination.port': port,
                      requests,
                      unanswered,
                      refused,
                      rejected,
                      cause: diagnosis ? `${diagnosis.cause}, ${diagnosis.certainty}` : null,
                    }),
                  )}
                />
              </article>
            )}
            <Part title="Cannot tell">
              {answer.cannotTell.map(({ what, missing }) => (
                <li key={what}>
                  {printable(what)}. <span class="quiet">Missing: {printable(missing)}</span>
                </li>
              ))}
            </Part>
          </>
        )}
      </Answer>
    </>
  )
}
