import type { Encode } from './encode.ts'
import * as helpers from './encode.ts'
import type { Emit, Program, RecallEmit, Step } from './program.ts'

/**
 * The program as one function of straight-line code, which is what `interpret` does with the loop, the look-ups of steps
 * and most branches gone. Literal text is stored eight bytes at a time.
 *
 * Undefined where code from strings is forbidden (`--disallow-code-generation-from-strings`): then `interpret` serves.
 */
export function generate(program: Program): Encode | undefined {
  try {
    return new Function('helpers', 'recalls', 'absent', source(program))(
      helpers,
      program.recalls,
      program.absent,
    ) as Encode
  } catch (error) {
    if (error instanceof EvalError) return undefined
    throw error
  }
}

function source({ steps, recalls }: Program): string {
  const code: string[] = []
  const copied = steps
    .flatMap((step) => ('sources' in step ? step.sources : []))
    .flatMap((emit) => (emit.is === 'copy' ? [emit.column] : []))
  const recalled = recalls.flatMap(({ inputs }) => inputs.filter((input) => typeof input === 'number'))
  const columns = new Set([...copied, ...recalled])
  for (const column of [...columns].sort((a, b) => a - b)) {
    const start = column === 0 ? 'scan.starts[line]' : `ends[base + ${column - 1}] + 1`
    code.push(
      `const s${column} = ${start}, n${column} = ends[base + ${column}] - s${column}`,
      `const a${column} = n${column} === 1 && bytes[s${column}] === absent`,
    )
  }
  const addresses = steps
    .flatMap((step) => ('sources' in step ? step.sources : []))
    .flatMap((emit) => (emit.is === 'copy' && emit.only === 'address' ? [emit.column] : []))
  for (const column of new Set(addresses))
    code.push(`const v${column} = !a${column} && isIPv4(bytes, s${column}, s${column} + n${column})`)
  recalls.forEach(({ lazy, inputs }, group) => {
    const [column] = inputs
    if (lazy) return
    if (inputs.length === 1 && typeof column === 'number')
      code.push(
        `const r${group} = a${column} ? nothing : recall${group}(bytes, s${column}, s${column} + n${column})`,
        `if (r${group}.tooLong) return -1`,
      )
    else
      code.push(
        `const r${group} = recallInputs(recalls[${group}], scan, line, absent)`,
        `if (r${group} === undefined || r${group}.tooLong) return -1`,
      )
  })
  code.push('target[o++] = 123')
  let depth = 0
  steps.forEach((step, number) => {
    if (step.is === 'open') code.push(`const b${depth++}_${number} = o`, literal(step.text))
    else if (step.is === 'close') depth--
    else if (step.is === 'literal') code.push(literal(step.text))
    else code.push(...sources(step, number))
    if (step.is === 'close') code.push(close(steps, number))
  })
  return `'use strict'
const { copy, contains, isIPv4, isRepeat, nothing, putItems, recallInputs } = helpers
${recalls.map((_, group) => `const recall${group} = recalls[${group}].recall`).join('\n')}
return function encode(scan, line, target, view, offset) {
const { bytes, ends, view: from } = scan, base = line * scan.columns
let o = offset
${code.join('\n')}
return o
}`
}

/** The number of the step that opened what this one closes. */
function openerOf(steps: readonly Step[], closer: number): { number: number; depth: number } {
  const open: number[] = []
  for (let number = 0; number < closer; number++) {
    if (steps[number]!.is === 'open') open.push(number)
    if (steps[number]!.is === 'close') open.pop()
  }
  return { number: open.at(-1)!, depth: open.length - 1 }
}

function close(steps: readonly Step[], closer: number): string {
  const { number, depth } = openerOf(steps, closer)
  return `if (target[o - 1] === 44) { target[o - 1] = 125; target[o++] = 44 } else o = b${depth}_${number}`
}

function sources(step: Extract<Step, { sources: unknown }>, number: number): string[] {
  const [only] = step.sources
  // The common case, one column that is copied, needs no look at what was written.
  if (step.is === 'value' && step.sources.length === 1 && only?.is === 'copy' && only.only === undefined)
    return [
      `if (!a${only.column}) {`,
      literal(`${step.key}${only.quoted ? '"' : ''}`),
      copyColumn(only.column),
      literal(only.quoted ? '",' : ','),
      '}',
    ]
  const code = ['{', `const begin = o`, literal(step.key), `const first = o`]
  step.sources.forEach((emit, i) => {
    const lines = emitCode(emit, step.is === 'list')
    code.push(...(step.is === 'value' && i > 0 ? ['if (o === first) {', ...lines, '}'] : ['{', ...lines, '}']))
  })
  code.push(
    step.is === 'value'
      ? 'if (o === first) o = begin'
      : 'if (o === first) o = begin; else { target[o - 1] = 93; target[o++] = 44 }',
  )
  return [...code, '}', `// step ${number}`]
}

function emitCode(emit: Emit, list: boolean): string[] {
  const unlessRepeat = list ? ['if (isRepeat(target, first, item, o)) o = item'] : []
  if (emit.is === 'constant') return ['const item = o', literal(`${emit.json},`), ...unlessRepeat]
  if (emit.is === 'recall' && !list)
    return [
      `const item = r${emit.recall}.items[${emit.target}]`,
      'if (item !== undefined && item.length === 1) { copy(item[0], 0, item[0].byteLength, view, o); o += item[0].byteLength }',
    ]
  if (emit.is === 'recall')
    return [`o = putItems(r${emit.recall}.items[${emit.target}], target, view, o, ${list ? 'first' : '-1'})`]
  const { column, quoted, only } = emit
  const copied = [
    'const item = o',
    ...(quoted ? ['target[o++] = 34'] : []),
    copyColumn(column),
    literal(quoted ? '",' : ','),
    ...unlessRepeat,
  ]
  if (only === undefined) return [`if (!a${column}) {`, ...copied, '}']
  const test = only === 'address' ? `v${column}` : `!contains(bytes, 37, s${column}, s${column} + n${column})`
  return [`if (!a${column}) if (${test}) {`, ...copied, '} else {', ...recallLazily(emit.otherwise!, list), '}']
}

function recallLazily({ recall, target }: RecallEmit, list: boolean): string[] {
  return [
    `const found = recallInputs(recalls[${recall}], scan, line, absent)`,
    'if (found === undefined || found.tooLong) return -1',
    `o = putItems(found.items[${target}], target, view, o, ${list ? 'first' : '-1'})`,
  ]
}

function copyColumn(column: number): string {
  return `copy(from, s${column}, n${column}, view, o); o += n${column}`
}

/**
 * Text as stores of eight bytes, each a float64 constant (no bytes of ASCII are a NaN, whose bits might change); its last
 * store overlaps the one before, or writes bytes behind the text that the next member overwrites.
 */
function literal(text: string): string {
  const bytes = Buffer.from(text)
  if (bytes.some((byte) => byte > 0x7e)) return `o = helpers.put(new Uint8Array([${[...bytes]}]), target, o)`
  const stores: string[] = []
  const padded = Buffer.concat([bytes, Buffer.alloc(8, 0x20)])
  for (let at = 0; at < bytes.length; ) {
    const left = bytes.length - at
    if (left <= 2) {
      for (let i = 0; i < left; i++) stores.push(`target[o + ${at + i}] = ${bytes[at + i]}`)
      break
    }
    const start = left < 8 && bytes.length >= 8 ? bytes.length - 8 : at
    stores.push(`view.setFloat64(o + ${start}, ${padded.readDoubleLE(start)}, true)`)
    at = start + 8
  }
  return `${stores.join('; ')}; o += ${bytes.length}`
}
