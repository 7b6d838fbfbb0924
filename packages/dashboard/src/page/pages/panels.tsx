import { useMemo } from 'preact/hooks'
import type { AboutPanel, Answered } from '../../api.ts'
import { useAnswer } from '../ask.ts'
import { Bars } from '../charts/bars.tsx'
import { TimelineChart } from '../charts/timeline.tsx'
import { cellOf } from '../figures.ts'
import { millisecondsOf, timelineOf } from '../geometry.ts'
import { changed, go, useHere } from '../parts/context.ts'
import { CopyMenu } from '../parts/copy-menu.tsx'
import { Answer, Partial } from '../parts/status.tsx'
import { Table } from '../parts/table.tsx'

/** The panels of one dashboard, over the values to which the page is narrowed. */
export function Panels({ name }: { name: string }) {
  const here = useHere()
  const dashboard = here.start.dashboards.find((one) => one.name === name)!
  const { is } = here.route
  return (
    <>
      <div class="head">
        <h1 tabIndex={-1}>{dashboard.title}</h1>
        {is.map((one) => (
          <a
            key={one.field}
            class="chip"
            href={changed(here, { is: is.filter((other) => other !== one) })}
            title="No longer this alone"
          >
            {one.field}: {one.value === null ? 'none' : cellOf(one.value, 'code', false)}{' '}
            <span aria-hidden="true">×</span>
          </a>
        ))}
      </div>
      <div class="panels">
        {dashboard.panels.map((panel) => (
          <PanelCard key={panel.name} panel={panel} />
        ))}
      </div>
    </>
  )
}

export function PanelCard({ panel }: { panel: AboutPanel }) {
  const here = useHere()
  const asking = useAnswer('panel', { name: panel.name, ...here.within, is: here.route.is })
  return (
    <article class={`card panel ${panel.chart}`}>
      <header>
        <h2>{panel.title}</h2>
        <span class="spacer" />
        <CopyMenu copies={asking.data?.copy ?? []} of={panel.title} />
      </header>
      <Answer asking={asking} of={panel.title}>
        {(data) => <Drawn panel={panel} data={data} />}
      </Answer>
      <details class="know">
        <summary>What counts</summary>
        <p>{panel.know}</p>
      </details>
    </article>
  )
}

function Drawn({ panel, data }: { panel: AboutPanel; data: Answered }) {
  const here = useHere()
  const { columns, chart, title } = panel
  const { rows, approximate } = data
  const { local } = here.route
  // Fields have dots in their names, measures none.
  const narrows = Object.keys(columns).filter((name) => name.includes('.'))
  if (data.partial?.absent) return <p class="quiet">The store has no such logs.</p>
  if (rows.length === 0)
    return (
      <>
        <Partial partial={data.partial} />
        <p class="quiet">Nothing in this span.</p>
      </>
    )
  if (chart === 'number')
    return (
      <dl class="numbers">
        {Object.entries(columns).map(([name, { heading, unit }]) => (
          <div key={name}>
            <dt>{approximate.includes(name) ? `~ ${heading}` : heading}</dt>
            <dd>{cellOf(rows[0]![name], unit, local)}</dd>
          </div>
        ))}
      </dl>
    )
  const table = <Table caption={title} columns={columns} rows={rows} approximate={approximate} narrows={narrows} csv />
  if (chart === 'table')
    return (
      <>
        <Partial partial={data.partial} />
        {table}
      </>
    )
  return (
    <>
      <Partial partial={data.partial} />
      {chart === 'bars' ? <Bars columns={columns} rows={rows} label={title} /> : <OverTime panel={panel} data={data} />}
      <details class="behind">
        <summary aria-label={`Table: ${title}`}>Table</summary>
        {table}
      </details>
    </>
  )
}

function OverTime({
  panel: { columns, title },
  data: { rows, span, every = '1d' },
}: {
  panel: AboutPanel
  data: Answered
}) {
  const here = useHere()
  const timeline = useMemo(() => {
    const [, ...names] = Object.keys(columns)
    const series = names.find((name) => name.includes('.'))
    const measures = names.filter((name) => name !== series)
    const made = timelineOf(rows, { span, every: millisecondsOf(every), measures, ...(series && { series }) })
    if (series !== undefined) return made
    return { ...made, series: made.series.map(({ name, values }) => ({ name: columns[name]!.heading, values })) }
  }, [columns, rows, span, every])
  const unit = Object.values(columns).at(-1)?.unit
  return (
    <TimelineChart
      label={title}
      timeline={timeline}
      span={span}
      unit={unit}
      isLocal={here.route.local}
      onNarrow={({ from, to }) => go(changed(here, { since: from, until: to }))}
    />
  )
}
