import { type Encode, interpret } from './encode.ts'
import { generate } from './generate.ts'
import type { Program } from './program.ts'
import { overrun } from './text.ts'

/** Lines with the same columns absent, before code is made for them: it costs as much as some hundred lines. */
const hot = 20
/** Sets of absent columns that get code of their own; each costs 50 to 250 ms of V8's optimizing. */
const mostKnown = 32

interface Known {
  readonly low: number
  readonly high: number
  lines: number
  encode: Encode
}

/** The program as code: one function for each set of absent columns that is common, and one for all others. */
export function createEncode(program: Program): Encode {
  const general = generate(program)
  const interpreted = interpret(program)
  if (general === undefined) return interpreted
  const byHigh = new Map<number, Map<number, Known>>()
  let made = 0
  let last: Known = { low: 0, high: 0, lines: 0, encode: general }
  byHigh.set(0, new Map([[0, last]]))

  const find = (low: number, high: number): Known => {
    const byLow = byHigh.get(high) ?? new Map<number, Known>()
    if (byHigh.size < mostKnown) byHigh.set(high, byLow)
    const known = byLow.get(low) ?? { low, high, lines: 0, encode: general }
    // Rare sets share one count, and the general code.
    if (byLow.size < mostKnown * 8) byLow.set(low, known)
    return known
  }

  return (scan, line, target, view, offset) => {
    const low = scan.absences[line * 2]!
    const high = scan.absences[line * 2 + 1]!
    if (scan.stops[line]! + overrun > scan.view.byteLength) return interpreted(scan, line, target, view, offset)
    if (last.low !== low || last.high !== high) last = find(low, high)
    if (last.lines < hot && ++last.lines === hot && made < mostKnown) {
      made++
      last.encode = generate(program, { low, high }) ?? general
    }
    return last.encode(scan, line, target, view, offset)
  }
}
