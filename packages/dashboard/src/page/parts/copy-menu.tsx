import { useEffect, useRef, useState } from 'preact/hooks'
import type { Copy } from '../../api.ts'
import { useHere } from './context.ts'

const languages: Readonly<Record<Copy['name'], string>> = {
  CLI: 'command of flowferry',
  KQL: 'search of Kibana',
  DQL: 'search of OpenSearch Dashboards',
  SQL: 'statement of DuckDB',
}

/** The question of an answer, as something else asks it. */
export function CopyMenu({ copies, of }: { copies: readonly Copy[]; of: string }) {
  const { say } = useHere()
  const menu = useRef<HTMLDetailsElement>(null)
  const [done, setDone] = useState('')
  useEffect(() => {
    const close = ({ target, type, key }: Event & { key?: string }) => {
      const { current } = menu
      if (!current?.open) return
      if (type === 'keydown' && key === 'Escape') {
        current.open = false
        current.querySelector('summary')?.focus()
      }
      if (type === 'click' && !current.contains(target as Node)) current.open = false
    }
    addEventListener('click', close)
    addEventListener('keydown', close)
    return () => {
      removeEventListener('click', close)
      removeEventListener('keydown', close)
    }
  }, [])
  if (copies.length === 0) return null
  const copy = async ({ name, text }: Copy) => {
    const became = (await isCopied(text)) ? `Copied as ${name}` : 'Not copied'
    say(became)
    setDone(became)
    if (menu.current) menu.current.open = false
  }
  return (
    <details class="menu" ref={menu} onToggle={({ currentTarget }) => currentTarget.open && setDone('')}>
      <summary aria-label={`Copy as: ${of}`}>{done || 'Copy as'}</summary>
      <div class="menu-list">
        {copies.map((one) => (
          <button key={one.name} type="button" onClick={() => void copy(one)}>
            <b>{one.name}</b> {languages[one.name]}
          </button>
        ))}
      </div>
    </details>
  )
}

/** A browser may be told to let no page write there. */
const isCopied = (text: string): Promise<boolean> =>
  navigator.clipboard.writeText(text).then(
    () => true,
    () => false,
  )

/** A command, and a button that copies it. */
export function Command({ text }: { text: string }) {
  const { say } = useHere()
  const [done, setDone] = useState('')
  const copy = async () => {
    const became = (await isCopied(text)) ? 'copied' : 'not copied'
    say(became)
    setDone(became)
  }
  return (
    <span class="command">
      <code>{text}</code>
      <button type="button" class="small" aria-label={`Copy ${text}`} onClick={() => void copy()}>
        {done || 'copy'}
      </button>
    </span>
  )
}
