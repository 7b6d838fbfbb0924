import type { Span, Unit } from '@flowferry/answers'
import { printable } from '@flowferry/core'
import { memo } from 'preact/compat'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { shortFigure, tickOf, timeOf } from '../figures.ts'
import { barPaths, linePaths, roundUp, spanBetween, stepAt, type Timeline, timeTicks } from '../geometry.ts'

/** A moment that is marked: a change. */
interface Mark {
  readonly at: string
  readonly text: string
}

interface TimelineOf {
  /** What it shows, for those who hear it. */
  readonly label: string
  readonly timeline: Timeline
  readonly span: Span
  readonly unit?: Unit | undefined
  readonly isLocal: boolean
  readonly marks?: readonly Mark[]
  readonly height?: number
  /** Called with the part that was chosen, by mouse or keys. */
  readonly onNarrow: (span: Span) => void
}

const axis = 18

/** The colour of what has one by its meaning, and else of its place. */
const tones: Readonly<Record<string, string>> = {
  accept: 'good',
  answered: 'good',
  success: 'good',
  reject: 'bad',
  rejected: 'bad',
  failure: 'bad',
  Error: 'bad',
  unanswered: 'warn',
}
const toneOf = (name: string, index: number): string => (Object.hasOwn(tones, name) ? tones[name]! : `s${index % 8}`)

/** Bars or lines over time, of which a part is chosen by dragging, or with the arrow keys, Shift and Enter. */
export function TimelineChart({
  label,
  timeline,
  span,
  unit,
  isLocal,
  marks = [],
  height = 120,
  onNarrow,
}: TimelineOf) {
  const box = useRef<HTMLDivElement>(null)
  const [width, setWidth] = useState(600)
  useLayoutEffect(() => {
    const { current } = box
    if (!current) return undefined
    const observer = new ResizeObserver(([entry]) => setWidth(Math.max(120, Math.floor(entry!.contentRect.width))))
    observer.observe(current)
    return () => observer.disconnect()
  }, [])
  const top = roundUp(timeline.most)
  return (
    <div class="timeline">
      <ul class="legend">
        {timeline.series.map(({ name }, index) => (
          <li key={name}>
            <i class={toneOf(name, index)} aria-hidden="true" />
            {printable(name)}
          </li>
        ))}
      </ul>
      <div class="plot" ref={box}>
        <Drawn {...{ timeline, span, unit, isLocal, width, height, top, marks }} />
        <Brush {...{ label, timeline, span, unit, isLocal, width, height, onNarrow, marks }} />
      </div>
    </div>
  )
}

interface DrawnOf extends Pick<TimelineOf, 'timeline' | 'span' | 'unit' | 'isLocal'> {
  readonly marks: readonly Mark[]
  readonly width: number
  readonly height: number
  readonly top: number
}

/** Drawn once: what moves over it is drawn by itself. */
const Drawn = memo(({ timeline, span, unit, isLocal, width, height, top, marks }: DrawnOf) => {
  const { steps, every, isStacked, series } = timeline
  const paths = isStacked ? barPaths(timeline, width, height, top) : linePaths(timeline, width, height, top)
  const [begin, end] = [steps[0]!, steps.at(-1)! + every]
  const x = (time: number) => ((time - begin) / (end - begin)) * width
  const offset = isLocal ? new Date(begin).getTimezoneOffset() : 0
  return (
    <svg width={width} height={height + axis} aria-hidden="true" focusable="false">
      <g class="grid">
        {[0.5, 1].map((part) => (
          <line key={part} x1={0} x2={width} y1={height - height * part + 0.5} y2={height - height * part + 0.5} />
        ))}
        <line x1={0} x2={width} y1={height + 0.5} y2={height + 0.5} />
        {timeTicks(span, Math.max(2, width / 80), offset).map((tick) => (
          <g key={tick}>
            <line x1={x(tick)} x2={x(tick)} y1={height} y2={height + 4} />
            <text x={Math.min(x(tick), width - 30)} y={height + 15} text-anchor={x(tick) < 20 ? 'start' : 'middle'}>
              {tickOf(tick, isLocal)}
            </text>
          </g>
        ))}
      </g>
      {paths.map((d, index) => {
        const { name } = series[index]!
        return <path key={name} class={`${isStacked ? 'drawn-bar' : 'drawn-line'} ${toneOf(name, index)}`} d={d} />
      })}
      <g class="grid">
        {[0.5, 1].map((part) => (
          <text key={part} class="figure" x={2} y={height - height * part + 12}>
            {shortFigure(top * part, unit)}
          </text>
        ))}
      </g>
      {marks.map(({ at, text }) => (
        <g key={`${at}${text}`} class="mark">
          <line x1={x(Date.parse(at))} x2={x(Date.parse(at))} y1={0} y2={height} />
          <path d={`M${x(Date.parse(at)) - 5} 0h10l-5 7z`} />
        </g>
      ))}
    </svg>
  )
})

interface BrushOf extends Pick<TimelineOf, 'label' | 'timeline' | 'span' | 'unit' | 'isLocal' | 'onNarrow'> {
  readonly marks: readonly Mark[]
  readonly width: number
  readonly height: number
}

function Brush({ label, timeline, span, unit, isLocal, width, height, marks, onNarrow }: BrushOf) {
  const [cursor, setCursor] = useState<number>()
  const [anchor, setAnchor] = useState<number>()
  const isDragging = useRef(false)
  const { steps, series, every } = timeline
  const count = steps.length
  useEffect(() => {
    setCursor(undefined)
    setAnchor(undefined)
  }, [timeline])
  const at = (event: PointerEvent) => {
    const { left } = (event.currentTarget as HTMLElement).getBoundingClientRect()
    return stepAt(event.clientX - left, width, count)
  }
  const clear = () => {
    isDragging.current = false
    setAnchor(undefined)
  }
  const choose = (one: number, other: number) => {
    clear()
    onNarrow(spanBetween(timeline, one, other, span))
  }
  const onKey = (event: KeyboardEvent) => {
    const moves: Readonly<Record<string, number>> = {
      ArrowLeft: -1,
      ArrowRight: 1,
      PageUp: -10,
      PageDown: 10,
      Home: -count,
      End: count,
    }
    const move = moves[event.key]
    if (move !== undefined) {
      event.preventDefault()
      const before = cursor ?? (move < 0 ? count : -1)
      if (event.shiftKey) setAnchor((one) => one ?? Math.max(0, Math.min(count - 1, before)))
      else setAnchor(undefined)
      setCursor(Math.max(0, Math.min(count - 1, before + move)))
    }
    if (event.key === 'Enter' && cursor !== undefined) choose(anchor ?? cursor, cursor)
    if (event.key === 'Escape') clear()
  }
  const step = width / count
  const [first, last] = [Math.min(anchor ?? cursor ?? 0, cursor ?? 0), Math.max(anchor ?? cursor ?? 0, cursor ?? 0)]
  const near =
    cursor === undefined
      ? []
      : marks.filter(({ at }) => Date.parse(at) >= steps[cursor]! && Date.parse(at) < steps[cursor]! + every)
  const said =
    cursor === undefined
      ? ''
      : [
          `${timeOf(steps[first]!, isLocal)}${first === last ? '' : ` to ${timeOf(steps[last]! + every, isLocal)}`}`,
          ...series.flatMap(({ name, values }) => {
            const some = values.slice(first, last + 1)
            const value = timeline.isStacked
              ? some.reduce((sum, one) => sum + one, 0)
              : Math.max(...some.filter(Number.isFinite))
            return value > 0 ? [`${printable(name)} ${shortFigure(value, unit)}`] : []
          }),
          ...near.map(({ text }) => printable(text)),
        ].join('  ·  ')
  return (
    <>
      {/* biome-ignore lint/a11y/useSemanticElements: a chart is no form */}
      <div
        class="brush"
        role="group"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: its keys choose a part of the chart
        tabIndex={0}
        aria-roledescription="chart"
        aria-label={`${label}. Left and right move, Shift chooses a part, Enter narrows to it.`}
        style={{ height: `${height}px` }}
        onKeyDown={onKey}
        onBlur={() => setCursor(undefined)}
        onPointerDown={(event) => {
          if (event.button !== 0) return
          event.currentTarget.setPointerCapture(event.pointerId)
          isDragging.current = true
          setAnchor(at(event))
          setCursor(at(event))
        }}
        onPointerMove={(event) => {
          const next = at(event)
          if (next !== cursor) setCursor(next)
        }}
        onPointerLeave={() => {
          if (!isDragging.current) setCursor(undefined)
        }}
        onPointerUp={(event) => {
          const end = at(event)
          const begin = anchor
          if (isDragging.current && begin !== undefined && begin !== end) choose(begin, end)
          else clear()
        }}
        onPointerCancel={clear}
      >
        {cursor !== undefined && (
          <span
            class={anchor === undefined ? 'cursor' : 'cursor chosen'}
            style={{ transform: `translateX(${first * step}px)`, width: `${Math.max(2, (last - first + 1) * step)}px` }}
          />
        )}
      </div>
      <p class="readout" role="status">
        {said}
      </p>
    </>
  )
}
