import { useEffect, useRef, useState } from 'preact/hooks'
import { inputOf, lengthText, timeIn, timeOf } from './figures.ts'
import { targetIn } from './pages/pair.tsx'
import { changed, go, toPage, useHere } from './parts/context.ts'
import { lengths } from './route.ts'

export function Header({ refresh }: { refresh: () => void }) {
  const here = useHere()
  const { route, start } = here
  const pages: readonly (readonly [page: string, text: string])[] = [
    ['now', 'Now'],
    ['pair', 'Why'],
    ...start.dashboards.map(({ name, title }) => [name, title.split(':')[0]!] as const),
    ['flows', 'Records'],
    ['questions', 'Questions'],
  ]
  const current = route.page === 'alerts' ? 'now' : route.page === 'service' ? 'flows' : route.page
  return (
    <header class="top">
      <div class="bar">
        <a class="brand" href={toPage(here, 'now')}>
          flowferry
        </a>
        <nav aria-label="Pages">
          {pages.map(([page, text]) => (
            <a key={page} href={toPage(here, page)} aria-current={page === current ? 'page' : undefined}>
              {text}
            </a>
          ))}
        </nav>
        <Search />
        <Theme />
      </div>
      <Spans refresh={refresh} />
    </header>
  )
}

/** An address, `A > B:port`, `B:port`, `eni-…`, or a question's name. */
function Search() {
  const here = useHere()
  const [text, setText] = useState('')
  const input = useRef<HTMLInputElement>(null)
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      const isTyping = /^(INPUT|SELECT|TEXTAREA)$/.test((event.target as HTMLElement).tagName)
      if (event.key !== '/' || isTyping || event.ctrlKey || event.metaKey || event.altKey) return
      event.preventDefault()
      input.current?.focus()
      input.current?.select()
    }
    addEventListener('keydown', listen)
    return () => removeEventListener('keydown', listen)
  }, [])
  const submit = (event: Event) => {
    event.preventDefault()
    const words = text
      .trim()
      .split(/\s*(?:->|→|>|\s)\s*/)
      .filter(Boolean)
    const [one, other] = words
    if (one === undefined) return
    setText('')
    input.current?.blur()
    if (other !== undefined) return go(toPage(here, 'pair', { a: one, ...targetIn(other) }))
    if (here.start.questions.some(({ name }) => name === one)) return go(toPage(here, 'questions', {}, one))
    if (/^eni-/.test(one)) return go(toPage(here, 'flows', { interface: one }))
    if (/^[\d.]+(\/\d+)?$|^[^[]*:.*:/.test(one)) return go(toPage(here, 'flows', { a: one }))
    const { b, port } = targetIn(one)
    if (port !== undefined) return go(toPage(here, 'service', { b, port }))
    go(toPage(here, 'pair', { a: one }))
  }
  return (
    <search class="search" aria-label="Everything">
      <form onSubmit={submit}>
        <input
          ref={input}
          value={text}
          aria-label="Search: an address, A B:port, eni-…, a question"
          placeholder="A B:port, address, eni-…  ( / )"
          onInput={({ currentTarget }) => setText(currentTarget.value)}
        />
      </form>
    </search>
  )
}

const themes = ['auto', 'light', 'dark'] as const

function Theme() {
  const [theme, setTheme] = useState(() => localStorage.getItem('flowferry-theme') ?? 'auto')
  useEffect(() => {
    document.documentElement.dataset.theme = theme
    localStorage.setItem('flowferry-theme', theme)
  }, [theme])
  const next = themes[(themes.indexOf(theme as 'auto') + 1) % themes.length]!
  return (
    <button
      type="button"
      class="theme"
      onClick={() => setTheme(next)}
      aria-label={`Colours: ${theme}. Change to ${next}`}
    >
      <span aria-hidden="true">{{ auto: '◐', light: '○', dark: '●' }[theme] ?? '◐'}</span>
    </button>
  )
}

const endOf = (form: HTMLFormElement) => form.elements.namedItem('to') as HTMLInputElement

function Spans({ refresh }: { refresh: () => void }) {
  const here = useHere()
  const { route, span, anchor, start } = here
  const { since, until, local } = route
  const isPreset = (length: string) => until === undefined && since === length
  const newest = start.logs
    .flatMap((one) => one.newest ?? [])
    .sort()
    .at(-1)
  const year = start.now.slice(0, 4)
  const hasYear = [span.from, span.to, newest ?? year].some((time) => time.slice(0, 4) !== year)
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    const form = event.currentTarget as HTMLFormElement
    const data = new FormData(form)
    const [from, to] = ['from', 'to'].map((name) => timeIn(String(data.get(name)), local))
    if (from === undefined || to === undefined) return
    if (from >= to) {
      endOf(form).setCustomValidity('The end has to be after the beginning')
      form.reportValidity()
      return
    }
    const menu = form.closest('details')
    if (menu) menu.open = false
    go(changed(here, { since: from, until: to }))
  }
  return (
    <div class="spans">
      {/* biome-ignore lint/a11y/useSemanticElements: links, and no fields */}
      <div class="presets" role="group" aria-label="Span">
        {lengths.map(([length, label]) => {
          const { until: _, ...rest } = route
          return (
            <a
              key={length}
              href={`${changed({ ...here, route: { ...rest, since: length } }, {})}`}
              aria-current={isPreset(length) ? 'true' : undefined}
            >
              {label}
            </a>
          )
        })}
        <details class="menu" key={`${span.from}${span.to}${local}`}>
          <summary title="Another span">
            {lengths.some(([length]) => isPreset(length)) ? 'Other' : lengthText(span.from, span.to)}
          </summary>
          <form
            class="menu-list"
            onSubmit={submit}
            onInput={({ currentTarget }) => endOf(currentTarget).setCustomValidity('')}
          >
            <label>
              <span>From</span>
              <input type="datetime-local" name="from" defaultValue={inputOf(span.from, local)} required />
            </label>
            <label>
              <span>To</span>
              <input type="datetime-local" name="to" defaultValue={inputOf(span.to, local)} required />
            </label>
            <button type="submit" class="main">
              Show
            </button>
          </form>
        </details>
      </div>
      <p class="when">
        {timeOf(span.from, local, hasYear)} – {timeOf(span.to, local, hasYear)}{' '}
        <a
          href={changed(here, { local: !local })}
          aria-label={local ? 'Local time. Change to UTC' : 'UTC. Change to local time'}
        >
          {local ? 'local' : 'UTC'}
        </a>
        {newest !== undefined && (
          <span class={anchor.isOld ? 'quiet old' : 'quiet'}>
            {' · '}newest record {timeOf(newest, local, hasYear)}
            {anchor.isOld &&
              `, ${lengthText(newest, start.now)} ago${until === undefined ? ': spans end there, not now' : ''}`}
          </span>
        )}
      </p>
      <button type="button" class="small" onClick={refresh}>
        Refresh
      </button>
    </div>
  )
}
