import type { Chart } from '../panels/panel.ts'

/** Where a panel stands on a dashboard, of 48 columns. */
export interface Place {
  readonly x: number
  readonly y: number
  readonly w: number
  readonly h: number
}

const columns = 48

const sizes: Readonly<Record<Chart, { readonly w: number; readonly h: number }>> = {
  number: { w: 48, h: 6 },
  timeline: { w: 24, h: 13 },
  bars: { w: 24, h: 15 },
  table: { w: 24, h: 15 },
}

/** In rows, in the order of the panels; the last of a row is as wide as what is left. */
export function placesOf(charts: readonly Chart[]): Place[] {
  const rows: Chart[][] = []
  for (const chart of charts) {
    const row = rows.at(-1)
    const width = (row ?? []).reduce((sum, one) => sum + sizes[one].w, 0)
    if (row && width + sizes[chart].w <= columns) row.push(chart)
    else rows.push([chart])
  }
  let y = 0
  return rows.flatMap((row) => {
    const h = Math.max(...row.map((chart) => sizes[chart].h))
    let x = 0
    const places = row.map((chart, index) => {
      const w = index === row.length - 1 ? columns - x : sizes[chart].w
      const place = { x, y, w, h }
      x += w
      return place
    })
    y += h
    return places
  })
}
