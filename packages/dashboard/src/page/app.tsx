import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { Start } from '../api.ts'
import { onToken, takeToken, useAnswer } from './ask.ts'
import { Header } from './header.tsx'
import { Now } from './pages/now.tsx'
import { Pair } from './pages/pair.tsx'
import { Panels } from './pages/panels.tsx'
import { Flows, Question, Questions, Service } from './pages/records.tsx'
import { type Here, HereContext } from './parts/context.ts'
import { Command } from './parts/copy-menu.tsx'
import { Failed } from './parts/status.tsx'
import { anchorOf, type Route, routeOf, spanOf } from './route.ts'

/** @param onNew Called when the address of another start is opened in this tab */
function useRoute(onNew: () => void): Route {
  const [hash, setHash] = useState(location.hash)
  useEffect(() => {
    const changed = () => {
      if (takeToken()) onNew()
      setHash(location.hash)
    }
    addEventListener('hashchange', changed)
    return () => removeEventListener('hashchange', changed)
  }, [onNew])
  return useMemo(() => routeOf(hash), [hash])
}

export function App() {
  const asking = useAnswer('start', {})
  const { data, status, failure, again } = asking
  const [turn, setTurn] = useState(0)
  const refresh = useCallback(() => {
    setTurn((before) => before + 1)
    again()
  }, [again])
  const route = useRoute(refresh)
  useEffect(() => onToken(refresh), [refresh])
  if (data) return <Started start={data} route={route} turn={turn} refresh={refresh} />
  return (
    <main class="alone">
      <h1>flowferry</h1>
      {status === 'failed' ? (
        <Failed failure={failure!} again={again} />
      ) : (
        <p class="quiet">Asking what the store has …</p>
      )}
    </main>
  )
}

function Started({ start, route, turn, refresh }: { start: Start; route: Route; turn: number; refresh: () => void }) {
  const [said, setSaid] = useState('')
  const say = useCallback((text: string) => setSaid(text), [])
  const main = useRef<HTMLElement>(null)
  const here = useMemo((): Here => {
    const anchor = anchorOf(
      start.now,
      start.logs.map(({ newest }) => newest),
    )
    const span = spanOf(route, anchor)
    return { start, route, anchor, span, within: { since: span.from, until: span.to }, say }
  }, [start, route, say])
  const place = `${route.page}/${route.name ?? ''}/${route.with.a ?? ''}/${route.with.b ?? ''}`
  const first = useRef(true)
  useEffect(() => {
    document.title = `${titleOf(here)} · flowferry`
    // Whoever follows a link goes on from the head of the page that it led to.
    if (!first.current) main.current?.querySelector<HTMLElement>('h1')?.focus({ preventScroll: true })
    first.current = false
  }, [place])
  const isEmpty = start.logs.every(({ newest }) => newest === null)
  return (
    <HereContext.Provider value={here}>
      <button type="button" class="skip" onClick={() => main.current?.focus()}>
        To the answers
      </button>
      <Header refresh={refresh} />
      <main id="main" ref={main} tabIndex={-1}>
        {isEmpty ? <Empty start={start} /> : <Page key={`${place} ${turn}`} route={route} start={start} />}
      </main>
      <footer class="quiet">
        <p>
          {start.from}
          {start.namesAsOf !== undefined && `, names as of ${start.namesAsOf}`}. The dashboard only reads.
        </p>
      </footer>
      <p class="hidden" role="status" aria-live="polite">
        {said}
      </p>
    </HereContext.Provider>
  )
}

function Page({ route: { page, name }, start }: { route: Route; start: Start }) {
  if (page === 'now' || page === 'alerts') return <Now />
  if (page === 'pair') return <Pair />
  if (page === 'flows') return <Flows />
  if (page === 'service') return <Service />
  if (page === 'questions') return name === undefined ? <Questions /> : <Question name={name} />
  if (start.dashboards.some((one) => one.name === page)) return <Panels name={page} />
  return (
    <>
      <h1 tabIndex={-1}>There is no such page</h1>
      <p>
        <a href="#/now">What is wrong now</a>
      </p>
    </>
  )
}

function Empty({ start: { fill, from } }: { start: Start }) {
  return (
    <article class="card notice">
      <h1 tabIndex={-1}>The store is empty</h1>
      <p>{from} has no logs yet. This fills it, and this page shows them once it is loaded again:</p>
      <p>
        <Command text={fill} />
      </p>
    </article>
  )
}

const titles: ReadonlyMap<string, string> = new Map([
  ['now', 'Now'],
  ['alerts', 'Now'],
  ['flows', 'Records'],
  ['service', 'Records'],
  ['questions', 'Questions'],
])

function titleOf({ route: { page, name, with: given }, start }: Here): string {
  if (page === 'pair') return given.a ? `${given.a} to ${given.b ?? 'all'}` : 'Why'
  if (page === 'questions' && name) return name
  return start.dashboards.find((one) => one.name === page)?.title ?? titles.get(page) ?? 'No such page'
}
