import type { Io } from '../io.ts'
import { note } from '../io.ts'
import { newBar } from '../progress.ts'
import { bytes, count, duration } from '../text.ts'

export interface BackfillProgress {
  /** An object is done, or failed. */
  readonly done: (storedBytes: number) => void
  /** What is to be done, as far as it is known; `whole` when no more comes. */
  readonly expect: (objects: number, storedBytes: number, whole: boolean) => void
  readonly stop: () => void
}

/** Between lines, where there is no terminal, in milliseconds. */
const pause = 30_000

/** A bar with the time that is left on a terminal; elsewhere a line every half minute, or nothing with `--quiet`. */
export async function startBackfillProgress(io: Io): Promise<BackfillProgress> {
  const started = performance.now()
  const done = { objects: 0, bytes: 0 }
  const total = { objects: 0, bytes: 0, whole: false }
  const words = (): string => {
    const more = total.whole ? '' : '+'
    const share = total.bytes > 0 ? Math.min(1, done.bytes / total.bytes) : 0
    const elapsed = performance.now() - started
    const left = total.whole && share > 0 ? `, ${duration((elapsed * (1 - share)) / share)} left` : ''
    const percent = total.whole ? `, ${Math.floor(share * 100)}%` : ''
    return `${count(done.objects)} of ${count(total.objects)}${more} objects, ${bytes(done.bytes)} of ${bytes(total.bytes)}${more}${percent}${left}`
  }
  const bar = !io.quiet && io.stderr.isTTY ? await startBar(io) : undefined
  const timer = io.quiet || bar ? undefined : setInterval(() => note(io, words()), pause)
  // Bytes move the bar; objects of no byte must too.
  const draw = () => bar?.update(done.bytes + done.objects, total.bytes + total.objects, words())
  return {
    done: (storedBytes) => {
      done.objects++
      done.bytes += storedBytes
      draw()
    },
    expect: (objects, storedBytes, whole) => {
      Object.assign(total, { objects, bytes: storedBytes, whole })
      draw()
    },
    stop: () => {
      clearInterval(timer)
      bar?.stop()
    },
  }
}

async function startBar(io: Io) {
  const bar = await newBar(io.stderr, '{bar}  {words}')
  bar.start(1, 0, { words: 'listing' })
  return {
    update: (value: number, total: number, words: string) => {
      bar.setTotal(Math.max(1, total))
      bar.update(Math.min(value, total), { words })
    },
    stop: () => bar.stop(),
  }
}
