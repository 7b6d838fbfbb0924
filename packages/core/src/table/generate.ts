import type { Encode } from './encode.ts'
import * as encoding from './encode.ts'
import type { Emit, Program, Step } from './program.ts'
import * as text from './text.ts'

/** Whether a column is absent: bit for bit as in a scan's `absences`, or unknown until the line is seen. */
export type Absences = { readonly low: number; readonly high: number } | undefined

/**
 * The program as one function of straight-line code, which is what `interpret` does with the loop, the look-ups of steps
 * and most branches gone. Where the absent columns are given, their members and the commas and braces around them are
 * settled now, and text between two values is one run of stores of eight bytes. Such code serves only lines with just these columns absent, and `overrun` bytes to read behind them.
 *
 * Undefined where code from strings is forbidden (`--disallow-code-generation-from-strings`): then `interpret` serves.
 */
export function generate(program: Program, absences?: Absences): Encode | undefined {
  try {
    const { recalls, absent } = program
    const helpers = { ...encoding, ...text }
    return new Function('helpers', 'recalls', 'absent', source(program, absences))(helpers, recalls, absent) as Encode
  } catch (error) {
    if (error instanceof EvalError) return undefined
    throw error
  }
}

/** Longer texts are put by a loop: as fast, and optimizing a flow log's code took 44 ms instead of 88. */
const longestInline = 64

type Sure = 'always' | 'never' | 'maybe'

function presenceOf(column: number, absences: Absences): Sure {
  if (absences === undefined || column >= 64) return 'maybe'
  const bits = column < 32 ? absences.low : absences.high
  return (bits >>> (column & 31)) & 1 ? 'never' : 'always'
}

function source({ steps, recalls }: Program, absences: Absences): string {
  const code: string[] = []
  /** Text that is due; stored as late as possible, in one piece with what follows. */
  let due = '{'
  const texts: string[] = []
  const flush = () => {
    if (due !== '')
      code.push(byteLength(due) > longestInline ? `o = put(text${texts.push(due) - 1}, view, o)` : literal(due))
    due = ''
  }
  const present = (column: number) => presenceOf(column, absences)
  const missing = (column: number) => (present(column) === 'maybe' ? `a${column}` : 'false')

  /** Whether a source writes something: a copy always does where there is a value, a function need not. */
  const sureOf = (emit: Emit): Sure => {
    if (emit.is === 'constant') return 'always'
    if (emit.is === 'copy') return emit.only && present(emit.column) === 'always' ? 'maybe' : present(emit.column)
    return recalls[emit.recall]!.columns.some((column) => present(column) === 'never') ? 'never' : 'maybe'
  }
  const live = (step: Sources): Emit[] => {
    const emits = step.sources.filter((emit) => sureOf(emit) !== 'never')
    const sure = step.is === 'value' ? emits.findIndex((emit) => sureOf(emit) === 'always') : -1
    return sure === -1 ? emits : emits.slice(0, sure + 1)
  }
  const sureStep = (step: Step): boolean =>
    step.is === 'literal' || (hasSources(step) && live(step).some((emit) => sureOf(emit) === 'always'))

  const emits = steps.filter(hasSources).flatMap(live)
  const usedRecalls = new Set(emits.flatMap((emit) => (emit.is === 'recall' ? [emit.recall] : [])))
  const used = new Set([
    ...emits.flatMap((emit) => (emit.is === 'copy' ? [emit.column] : [])),
    ...[...usedRecalls].flatMap((group) => recalls[group]!.columns),
  ])
  for (const column of [...used].sort((a, b) => a - b)) {
    const start = column === 0 ? 'scan.starts[line]' : `ends[base + ${column - 1}] + 1`
    code.push(`const s${column} = ${start}, n${column} = ends[base + ${column}] - s${column}`)
    if (present(column) === 'maybe') code.push(`const a${column} = n${column} === 1 && bytes[s${column}] === absent`)
  }
  for (const c of new Set(emits.flatMap((emit) => (emit.is === 'copy' ? [emit.column] : []))))
    code.push(`const x${c} = from.getFloat64(s${c}, true), y${c} = from.getFloat64(s${c} + 8, true)`)
  const addresses = emits.flatMap((emit) => (emit.is === 'copy' && emit.only === 'address' ? [emit.column] : []))
  for (const column of new Set(addresses))
    code.push(`const v${column} = !${missing(column)} && isIPv4(bytes, s${column}, s${column} + n${column})`)
  for (const group of usedRecalls) {
    const { columns, inputs, neighbours, every } = recalls[group]!
    const [first, last] = [columns[0]!, columns.at(-1)!]
    const gone = columns.map(missing).join(' || ')
    if (neighbours)
      code.push(
        `const r${group} = ${gone} ? nothing : recall${group}(from, s${first}, s${last} + n${last} - s${first})`,
      )
    else if (every) {
      // Facets: their values' numbers are the place of the answer.
      const facets = columns.map(
        (c, i) => `f${group}_${i} = ${missing(c)} ? -1 : facet${group}_${i}(bytes, s${c}, s${c} + n${c})`,
      )
      const place = inputs.reduce<string>(
        (sum, input, i) => `(${sum}) * ${typeof input === 'number' ? 0 : input.facet.values.length} + f${group}_${i}`,
        '0',
      )
      const none = columns.map((_, i) => `f${group}_${i} < 0`).join(' || ')
      code.push(`const ${facets.join(', ')}`, `const r${group} = ${none} ? nothing : recalls[${group}].every[${place}]`)
    } else code.push(`const r${group} = recallInputs(recalls[${group}], scan, line, absent)`)
    code.push(`if (r${group} === undefined || r${group}.tooLong) return -1`)
  }

  const opened: { sure: boolean; begin: string }[] = []
  const close = () => {
    const { sure, begin } = opened.pop()!
    if (due.endsWith(',')) due = `${due.slice(0, -1)}},`
    else if (sure) {
      code.push('target[o - 1] = 125')
      due = ','
    } else {
      flush()
      code.push(`if (target[o - 1] === 44) { target[o - 1] = 125; target[o++] = 44 } else o = ${begin}`)
    }
  }
  for (let number = 0; number < steps.length; number++) {
    const step = steps[number]!
    if (step.is === 'literal') due += step.text
    else if (step.is === 'close') close()
    else if (step.is === 'open') {
      const closer = closerOf(steps, number)
      const inner = steps.slice(number + 1, closer)
      const sure = inner.some(sureStep)
      if (!sure && !inner.some((one) => hasSources(one) && live(one).length > 0)) {
        number = closer
        continue
      }
      if (!sure) {
        flush()
        code.push(`const b${number} = o`)
      }
      opened.push({ sure, begin: `b${number}` })
      due += step.text
    } else write(step)
  }
  flush()

  function write(step: Sources): void {
    const sources = live(step)
    const [first] = sources
    if (first === undefined) return
    const list = step.is === 'list'
    if (sureOf(first) !== 'always') {
      flush()
      code.push('{', 'const begin = o', literal(step.key), 'const first = o')
      sources.forEach((emit, i) => {
        code.push(!list && i > 0 ? 'if (o === first) {' : '{', ...conditional(emit, sources.slice(0, i)), '}')
      })
      code.push('if (o === first) o = begin', list ? 'else { target[o - 1] = 93; target[o++] = 44 }' : '', '}')
      return
    }
    due += step.key
    if (first.is === 'copy') {
      if (first.quoted) due += '"'
      flush()
      code.push(copyColumn(first.column))
      due = first.quoted ? '",' : ','
    } else if (first.is === 'constant') due += `${first.json},`
    if (!list) return
    if (sources.length > 1) {
      // The items are told apart by looking at what stands in the list.
      const length = first.is === 'copy' ? `n${first.column} - ${first.quoted ? 3 : 1}` : jsonLength(first)
      flush()
      code.push('{', `const first = o - ${length}`)
      sources.slice(1).forEach((emit, i) => {
        code.push('{', ...conditional(emit, sources.slice(0, i + 1)), '}')
      })
      code.push('target[o - 1] = 93', '}')
      due = ','
    } else due = `${due.slice(0, -1)}],`
  }

  /** Code of a source that may write nothing, `before` being the list's sources until then. */
  function conditional(emit: Emit, before: readonly Emit[]): string[] {
    const unlessRepeat = emit.distinct ? [] : [`if (${repeats(emit, before)}) o = item`]
    if (emit.is === 'constant') return ['const item = o', literal(`${emit.json},`), ...unlessRepeat]
    if (emit.is === 'recall') {
      if (!emit.distinct) return [putRecalled(`r${emit.recall}`, emit)]
      return [`const text = r${emit.recall}.texts[${emit.target}]`, 'if (text !== undefined) o = put(text, view, o)']
    }
    const { column, quoted, only, otherwise } = emit
    const copied = [
      'const item = o',
      quoted ? 'target[o++] = 34' : '',
      copyColumn(column),
      literal(quoted ? '",' : ','),
      ...unlessRepeat,
    ]
    if (only === undefined) return [`if (!${missing(column)}) {`, ...copied, '}']
    const test = only === 'address' ? `v${column}` : `!contains(bytes, 37, s${column}, s${column} + n${column})`
    return [
      `if (!${missing(column)}) if (${test}) {`,
      ...copied,
      '} else {',
      `const found = recallInputs(recalls[${otherwise!.recall}], scan, line, absent)`,
      'if (found === undefined || found.tooLong) return -1',
      putRecalled('found', { ...otherwise!, distinct: emit.distinct }),
      '}',
    ]
  }

  /** Whether an item stands in the list already: columns are compared in the line, all else where it was written. */
  function repeats(emit: Emit, before: readonly Emit[]): string {
    const all = 'isRepeat(target, first, item, o)'
    const copied: string[] = []
    const same: string[] = []
    for (const one of before) {
      if (emit.is !== 'copy' || one.is !== 'copy' || one.only === 'undecoded') return all
      const [c, d] = [one.column, emit.column]
      if (one.only) copied.push(`(v${c} || ${missing(c)})`)
      if (one.quoted === emit.quoted)
        same.push(`(!${missing(c)} && n${c} === n${d} && isSame(bytes, s${c}, s${d}, n${d}))`)
    }
    return `${copied.join(' && ') || 'true'} ? ${same.join(' || ') || 'false'} : ${all}`
  }

  return `'use strict'
const { contains, copyRest, isIPv4, isRepeat, isSame, nothing, put, putRecalled, recallInputs } = helpers
${recalls.map((_, group) => `const recall${group} = recalls[${group}].recall`).join('\n')}
${recalls.flatMap(({ every, inputs }, group) => (every ? inputs.map((_, i) => `const facet${group}_${i} = recalls[${group}].inputs[${i}].facet.scan`) : [])).join('\n')}
${texts.map((_, i) => `const text${i} = helpers.textOf(${JSON.stringify(texts[i])})`).join('\n')}
return function encode(scan, line, target, view, offset) {
const { bytes, ends, view: from } = scan, base = line * scan.columns
let o = offset
${code.join('\n')}
return o
}`
}

type Sources = Extract<Step, { sources: unknown }>

function hasSources(step: Step): step is Sources {
  return 'sources' in step
}

function closerOf(steps: readonly Step[], opener: number): number {
  let depth = 0
  for (let number = opener; ; number++) {
    if (steps[number]!.is === 'open') depth++
    if (steps[number]!.is === 'close' && --depth === 0) return number
  }
}

function putRecalled(found: string, { target, distinct }: { target: number; distinct: boolean }): string {
  return `o = putRecalled(${found}, ${target}, target, view, o, first, ${distinct})`
}

/** `copy`, its first 16 bytes read once for all places of the column. */
function copyColumn(c: number): string {
  return `view.setFloat64(o, x${c}, true); view.setFloat64(o + 8, y${c}, true); if (n${c} > 16) copyRest(from, s${c}, n${c}, view, o); o += n${c}`
}

function jsonLength(emit: Emit): number {
  return emit.is === 'constant' ? byteLength(emit.json) + 1 : 0
}

const { byteLength } = Buffer

/**
 * Text as stores of eight bytes, each a float64 constant (`Text` tells why that is safe); its last store overlaps the
 * one before, or writes bytes behind the text that the next member overwrites.
 */
function literal(string: string): string {
  const length = byteLength(string)
  const padded = Buffer.concat([Buffer.from(string), Buffer.alloc(8, 0x20)])
  const stores: string[] = []
  for (let at = 0; at < length; ) {
    const left = length - at
    if (left <= 2) {
      for (let i = 0; i < left; i++) stores.push(`target[o + ${at + i}] = ${padded[at + i]}`)
      break
    }
    const start = left < 8 && length >= 8 ? length - 8 : at
    stores.push(`view.setFloat64(o + ${start}, ${padded.readDoubleLE(start)}, true)`)
    at = start + 8
  }
  return `${stores.join('; ')}; o += ${length}`
}
