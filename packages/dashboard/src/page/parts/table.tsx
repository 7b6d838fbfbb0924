import type { Column, FilterValue, Row } from '@flowferry/answers'
import { useState } from 'preact/hooks'
import { cellOf, csvOf } from '../figures.ts'
import { changed, useHere } from './context.ts'
import { linksOf } from './links.ts'

interface TableOf {
  /** What it holds, for those who hear it. */
  readonly caption: string
  readonly columns: Readonly<Record<string, Column>>
  readonly rows: readonly Row[]
  readonly approximate?: readonly string[]
  /** Names of columns whose values narrow the page. @default none */
  readonly narrows?: readonly string[]
  /** @default false: rows lead to their pair or records */
  readonly plain?: boolean
  readonly csv?: boolean
  /** Rows that are shown until more are asked for. @default 100 */
  readonly first?: number
}

/** Rows as a table. Text is text, whatever it holds. */
export function Table({
  caption,
  columns,
  rows,
  approximate = [],
  narrows = [],
  plain = false,
  csv = false,
  first = 100,
}: TableOf) {
  const here = useHere()
  const [shown, setShown] = useState(first)
  const { local } = here.route
  // What no row has is left out.
  const names = Object.keys(columns).filter((name) => rows.some((row) => (row[name] ?? null) !== null))
  const some = rows.slice(0, shown)
  const links = plain ? [] : some.map((row) => linksOf(row, here))
  const hasLinks = links.some(({ length }) => length > 0)
  const isNumber = (name: string) => some.some((row) => typeof row[name] === 'number')
  return (
    <>
      {/* Whoever has no mouse scrolls it by the keys. */}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls has to be reached */}
      <section class="scroll" aria-label={caption} tabIndex={0}>
        <table>
          <caption class="hidden">{caption}</caption>
          <thead>
            <tr>
              {names.map((name) => (
                <th key={name} scope="col" class={isNumber(name) ? 'number' : undefined}>
                  {approximate.includes(name) ? `~ ${columns[name]!.heading}` : columns[name]!.heading}
                </th>
              ))}
              {hasLinks && (
                <th scope="col">
                  <span class="hidden">Go to</span>
                </th>
              )}
            </tr>
          </thead>
          <tbody>
            {some.map((row, index) => (
              <tr key={index}>
                {names.map((name) => {
                  const value = row[name] ?? null
                  const cell = cellOf(value, columns[name]!.unit, local)
                  const isLink = narrows.includes(name) && (value === null || typeof value !== 'object')
                  const others = here.route.is.filter(({ field }) => field !== name)
                  return (
                    <td
                      key={name}
                      class={typeof value === 'number' ? 'number' : 'text'}
                      title={cell.length > 60 ? cell : undefined}
                    >
                      {isLink ? (
                        <a
                          class="narrow"
                          title={`Only ${columns[name]!.heading} ${cell}`}
                          href={changed(here, { is: [...others, { field: name, value: value as FilterValue | null }] })}
                        >
                          {cell}
                        </a>
                      ) : (
                        <span class={isBad(value) ? 'clip bad' : 'clip'}>{cell}</span>
                      )}
                    </td>
                  )
                })}
                {hasLinks && (
                  <td class="links">
                    {links[index]!.map(({ href, text, label }) => (
                      <a key={href} href={href} aria-label={label}>
                        {text}
                      </a>
                    ))}
                  </td>
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {(rows.length > shown || csv) && (
        <p class="below">
          {rows.length > shown && (
            <button type="button" class="small" onClick={() => setShown(shown + 1000)}>
              {rows.length - shown} more
            </button>
          )}
          {csv && rows.length > 0 && (
            <button type="button" class="small" onClick={() => download(`${caption}.csv`, csvOf(names, rows))}>
              CSV
            </button>
          )}
        </p>
      )}
    </>
  )
}

/** What did not go through is seen at once. */
const isBad = (value: unknown): boolean => value === 'reject' || value === 'failure'

function download(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/csv' }))
  const link = document.createElement('a')
  link.href = url
  link.download = name.replace(/[^\w. -]+/g, '_')
  link.click()
  URL.revokeObjectURL(url)
}
