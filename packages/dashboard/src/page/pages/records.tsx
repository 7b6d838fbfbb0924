import { printable } from '@flowferry/core'
import { useEffect, useState } from 'preact/hooks'
import type { About, Answered } from '../../api.ts'
import { type Asking, useAnswer } from '../ask.ts'
import { lengthText, timeOf } from '../figures.ts'
import { go, toPage, useHere } from '../parts/context.ts'
import { CopyMenu } from '../parts/copy-menu.tsx'
import { Answer, Partial } from '../parts/status.tsx'
import { Table } from '../parts/table.tsx'

/** Flow records of an address, of a pair, of an interface. */
export function Flows() {
  const here = useHere()
  const { a = '', b = '', port = '', action = '', interface: id = '', first = '' } = here.route.with
  const asked = {
    ...here.within,
    ...(a !== '' && { a }),
    ...(b !== '' && { b }),
    ...(/^\d+$/.test(port) && { port: Number(port) }),
    ...((action === 'accept' || action === 'reject') && { action: action as 'accept' | 'reject' }),
    ...(id !== '' && { interface: id }),
    ...(first === 'oldest' && { first: 'oldest' as const }),
  }
  const asking = useAnswer('flows', asked)
  const fields = { a, b, port, interface: id, action, first }
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget as HTMLFormElement)
    go(toPage(here, 'flows', Object.fromEntries([...form].map(([name, value]) => [name, String(value).trim()]))))
  }
  const input = (name: keyof typeof fields, label: string, placeholder: string) => (
    <label key={name}>
      <span>{label}</span>
      <input name={name} defaultValue={fields[name]} placeholder={placeholder} />
    </label>
  )
  return (
    <>
      <search aria-label="Flow records">
        <form class="ask" key={JSON.stringify(fields)} onSubmit={submit}>
          {input('a', 'One side', '10.0.3.7, 10.0.0.0/8')}
          {input('b', 'Other side', 'any')}
          {input('port', 'Port', 'any')}
          {input('interface', 'Interface', 'eni-…')}
          <label>
            <span>Action</span>
            <select name="action" defaultValue={action}>
              <option value="">both</option>
              <option value="accept">accept</option>
              <option value="reject">reject</option>
            </select>
          </label>
          <label>
            <span>First</span>
            <select name="first" defaultValue={first}>
              <option value="">newest</option>
              <option value="oldest">oldest</option>
            </select>
          </label>
          <button type="submit" class="main">
            Show
          </button>
        </form>
      </search>
      <Whole asking={asking} title="Flow records" />
    </>
  )
}

/** Who calls a port, each with the way to its cause. */
export function Service() {
  const here = useHere()
  const { b = '', port = '' } = here.route.with
  const asking = useAnswer('callers', { b, port: Number(port), ...here.within })
  return <Whole asking={asking} title={`Who calls ${b} port ${port}`} />
}

/** A question of every day, whole. */
export function Question({ name }: { name: string }) {
  const here = useHere()
  const about = here.start.questions.find((one) => one.name === name)
  const asking = useAnswer('question', about && { name, ...here.within, limit: 1000 })
  if (!about)
    return (
      <>
        <h1 tabIndex={-1}>There is no question of this name</h1>
        <p>
          <a href={toPage(here, 'questions')}>All questions</a>
        </p>
      </>
    )
  return <Whole asking={asking} title={about.title} about={about} />
}

export function Questions() {
  const here = useHere()
  const [text, setText] = useState('')
  const fits = here.start.questions.filter(({ name, title }) =>
    `${name} ${title}`.toLowerCase().includes(text.toLowerCase()),
  )
  return (
    <>
      <div class="head">
        <h1 tabIndex={-1}>Questions of every day</h1>
        <input
          aria-label="Find a question"
          placeholder="Find"
          value={text}
          onInput={({ currentTarget }) => setText(currentTarget.value)}
        />
      </div>
      <ul class="questions card">
        {fits.map(({ name, title, formats }) => (
          <li key={name}>
            <a href={toPage(here, 'questions', {}, name)}>{title}</a>
            <span class="quiet">
              <code>{name}</code> {formats.length > 0 ? formats.join(', ') : 'all logs'}
            </span>
          </li>
        ))}
      </ul>
    </>
  )
}

function Whole({ asking, title, about }: { asking: Asking<Answered>; title: string; about?: About }) {
  const here = useHere()
  const { local } = here.route
  const { data, status } = asking
  const count = data?.rows.length ?? 0
  const said = data && status === 'done' ? `${count}${data.more ? ' or more' : ''} ${count === 1 ? 'row' : 'rows'}` : ''
  useEffect(() => {
    if (said !== '') here.say(said)
  }, [said, here.say])
  const of = about ?? (data as About | undefined)
  const columns = of && inSight(of.columns)
  return (
    <article class="card">
      <header>
        <h1 tabIndex={-1}>{printable(of?.title ?? title)}</h1>
        <span class="spacer" />
        <CopyMenu copies={data?.copy ?? []} of={title} />
      </header>
      <Answer asking={asking} of={title}>
        {(found) => (
          <>
            <p class="quiet">
              {timeOf(found.span.from, local)} to {timeOf(found.span.to, local)},{' '}
              {lengthText(found.span.from, found.span.to)}: {found.rows.length === 0 ? 'nothing' : said}
            </p>
            <Partial partial={found.partial} />
            {found.rows.length > 0 && (
              <Table
                caption={of?.title ?? title}
                columns={columns ?? {}}
                rows={found.rows}
                approximate={found.approximate}
                csv
              />
            )}
            {of && <p class="quiet">{of.know}</p>}
          </>
        )}
      </Answer>
    </article>
  )
}

/** Of wide rows, what decides stands where it is seen first. */
function inSight(columns: About['columns']): About['columns'] {
  const { '@timestamp': time, 'event.action': action, ...rest } = columns
  return { ...(time && { '@timestamp': time }), ...(action && { 'event.action': action }), ...rest }
}
