import { beginsAccount, closesNothing, endsAccount, writesAccount, writesClosing } from '../engine/closings.ts'
import * as map from './engine/map.ts'

/** Holds for lines in which the column has this text. */
export interface Condition {
  readonly column: number
  readonly text: string
  /** Whether another text of the column may be this one, decoded. */
  readonly encoded: boolean
}

/** One way to fill a place. `repeatable`: it may give what stands in its list already. */
export interface Emit {
  /** `isText`, `isCopy`, `isAddress`, `isUndecoded`, `isTime`, `isPart`, `isRecall`, `isCommunityId` or `isOfBatch`. */
  readonly is: number
  readonly repeatable: boolean
  /** Of a constant. */
  readonly json: string
  /** Of a copy. */
  readonly column: number
  readonly quoted: boolean
  /** What is recalled or hashed, for the columns that it reads. */
  readonly group: number
  readonly target: number
  /** Columns without which there is nothing. */
  readonly inputs: readonly number[]
  /** Of a time, a part, a hash or what a batch has: `partWord`. */
  readonly part: number
  readonly condition?: Condition
}

/** The document's tree with the columns of a header. */
export type Node =
  | {
      readonly is: 'object'
      readonly key: string
      readonly nodes: readonly Node[]
      /** What stood around the records goes to its end. */
      readonly closing?: 'aws' | 'cloud'
    }
  | { readonly is: 'value' | 'list'; readonly key: string; readonly emits: readonly Emit[] }

/** A step as the engine takes it: text that is written always, text that is written with a value, and the value. */
export interface Step {
  readonly is: number
  /** 1 where the text before begins upon the last byte, a comma. */
  readonly back: number
  readonly before: string
  readonly text: string
  readonly column: number
  readonly quoted: boolean
  readonly group: number
  readonly target: number
  readonly repeatable: boolean
  readonly part: number
  /** Steps to pass over once this one has written something. */
  readonly next: number
}

type Sure = 'always' | 'never' | 'maybe'

/** Whether a line has nothing in a column; undefined where that is seen with the line. */
export type IsAbsent = (column: number) => boolean | undefined

const plain = { column: 0, quoted: false, group: 0, target: 0, repeatable: false, text: '', part: 0, next: 0 }

const accountKey = '"account":{'

/**
 * The steps that write the tree. Every member is written with a comma behind it, and a close puts a brace upon the last
 * one. Where it is known which columns are absent, their members are gone, most commas and braces are settled, and a
 * flow log's document takes 32 steps instead of 44.
 */
export function stepsOf(nodes: readonly Node[], isAbsent: IsAbsent): Step[] {
  const steps: Step[] = []
  /** Text that is due, and whether it begins upon the last comma. */
  let due = '{'
  let back = 0
  const push = (step: Partial<Step> & Pick<Step, 'is'>) => {
    steps.push({ ...plain, back, before: due, ...step })
    due = ''
    back = 0
  }
  /** Puts a closing brace or bracket upon the comma of the last member, which is there for sure. */
  const close = (mark: string) => {
    if (due === '') back = 1
    due = `${due.slice(0, -1)}${mark},`
  }

  const sureOf = (emit: Emit): Sure => {
    if (emit.condition)
      return isAbsent(emit.condition.column) === true ? 'never' : sureValue(emit) === 'never' ? 'never' : 'maybe'
    return sureValue(emit)
  }
  const sureValue = (emit: Emit): Sure => {
    if (emit.is === map.isText) return 'always'
    if (emit.is === map.isOfBatch) return 'maybe'
    const isGroup = emit.is === map.isRecall || emit.is === map.isCommunityId
    const absences = (isGroup ? emit.inputs : [emit.column]).map(isAbsent)
    if (absences.includes(true)) return 'never'
    return emit.is === map.isCopy && absences[0] === false ? 'always' : 'maybe'
  }
  const sureNode = (node: Node): Sure => {
    const parts = node.is === 'object' ? node.nodes.map(sureNode) : node.emits.map(sureOf)
    return parts.includes('always') ? 'always' : parts.includes('maybe') ? 'maybe' : 'never'
  }

  /** As a step of its own where its value may be absent, or is passed over. */
  const write = (emit: Emit, key: string, next = 0, passed = false) => {
    const quote = emit.quoted ? '"' : ''
    if (!emit.repeatable && !passed && sureOf(emit) === 'always') {
      if (emit.is === map.isText) due += `${key}${emit.json},`
      else {
        due += `${key}${quote}`
        push({ is: map.isSure, column: emit.column })
        due = `${quote},`
      }
      return
    }
    const text = emit.is === map.isOfBatch ? '' : emit.is === map.isText ? `${key}${emit.json},` : `${key}${quote}`
    const { is, column, quoted, group, target, repeatable, part, condition } = emit
    // Passes over the step behind it.
    if (condition)
      push({ is: map.isCase, column: condition.column, text: condition.text, part: condition.encoded ? 1 : 0, next: 1 })
    push({ is, column, quoted, group, target, repeatable, text, part, next })
  }

  const closing = (of: 'aws' | 'cloud', what: number) =>
    push({ is: map.isClosing, part: what * 2 + (of === 'aws' ? 0 : 1) })

  /** Members of an object, and what stood around the record where that has a place in it. */
  const walkInside = (nodes: readonly Node[], of: 'aws' | 'cloud' | undefined) => {
    let what = writesClosing
    for (const one of nodes) {
      const isAccount = of === 'cloud' && one.key === accountKey && sureNode(one) !== 'never'
      if (!isAccount) walk(one)
      else if (sureNode(one) === 'always') {
        walk(one)
        what = -1
      } else {
        closing(of, beginsAccount)
        walk(one)
        closing(of, endsAccount)
        what = writesAccount
      }
    }
    if (of && what !== -1) closing(of, what)
  }

  const walk = (node: Node) => {
    const sure = sureNode(node)
    if (sure === 'never') {
      if (node.is === 'object' && node.closing) closing(node.closing, closesNothing)
      return
    }
    if (node.is === 'object') {
      if (sure === 'always') due += node.key
      else push({ is: map.isOpen, text: node.key })
      walkInside(node.nodes, node.closing)
      if (sure === 'always') close('}')
      else push({ is: map.isClose })
      return
    }
    const live = node.emits.filter((emit) => sureOf(emit) !== 'never')
    if (node.is === 'value') {
      // The first one counts, so that nothing comes behind a sure one.
      const last = live.findIndex((emit) => sureOf(emit) === 'always')
      const count = last === -1 ? live.length : last + 1
      const chosen = live.slice(0, count)
      for (const [i, emit] of chosen.entries()) {
        const behind = chosen.slice(i + 1)
        write(emit, node.key, behind.length + behind.filter(({ condition }) => condition).length, i > 0)
      }
      return
    }
    if (sure === 'always' && !live.some(({ repeatable }) => repeatable)) due += node.key
    else push({ is: map.isList, text: node.key })
    for (const emit of live) write(emit, '')
    if (sure === 'always') close(']')
    else push({ is: map.isListEnd })
  }
  for (const node of nodes) walk(node)
  push({ is: map.isEnd })
  return steps
}
