import type { Column, FilterValue, Row } from '@flowferry/answers'
import { cellOf } from '../figures.ts'
import { changed, useHere } from '../parts/context.ts'

/** A bar for each row, largest first; each narrows the page to its value. Up and down go from one to the next. */
export function Bars({
  columns,
  rows,
  label,
}: {
  columns: Readonly<Record<string, Column>>
  rows: readonly Row[]
  label: string
}) {
  const here = useHere()
  const { local } = here.route
  const [group, measure] = Object.keys(columns) as [string, string]
  const most = Math.max(...rows.map((row) => Number(row[measure])), 1)
  const onKey = (event: KeyboardEvent) => {
    if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return
    const item = (event.target as HTMLElement).closest('li')
    const next = event.key === 'ArrowDown' ? item?.nextElementSibling : item?.previousElementSibling
    next?.querySelector('a')?.focus()
    event.preventDefault()
  }
  return (
    <ol class="bars" aria-label={label} onKeyDown={onKey}>
      {rows.slice(0, 12).map((row) => {
        const value = (row[group] ?? null) as FilterValue | null
        const text = value === null ? 'none' : cellOf(value, columns[group]!.unit, local)
        const others = here.route.is.filter(({ field }) => field !== group)
        return (
          <li key={text}>
            <a
              href={changed(here, { is: [...others, { field: group, value }] })}
              title={`Only ${columns[group]!.heading} ${text}`}
            >
              <span class="clip">{text}</span>
              <i aria-hidden="true">
                <b style={{ width: `${(Number(row[measure]) / most) * 100}%` }} />
              </i>
              <span class="number">{cellOf(row[measure], columns[measure]!.unit, local)}</span>
            </a>
          </li>
        )
      })}
    </ol>
  )
}
