import * as map from './engine/map.ts'
import type { Program } from './program.ts'
import type { Step } from './steps.ts'

/** The program as the engine reads it at this address: its head, its groups, its steps for any line. */
export function imageOf(
  { delimiter, absent, wraps, mayQuote, mustQuote, least, kinds, absents, steps, groups, room, copies }: Program,
  address: number,
  firstGroup: number,
): { readonly image: Buffer; readonly groupsAt: readonly number[] } {
  const groupsAt: number[] = []
  let end = map.kindsWord + (kinds.length + groups.length) * 4
  for (const { inputs } of groups) {
    groupsAt.push(address + end)
    end += map.inputsWord + inputs.length * map.inputBytes
  }
  const head = Buffer.alloc(end)
  const put = (offset: number, value: number) => head.writeInt32LE(value, offset)
  const marks = groups.map(({ inputs }) => inputs.map((input) => input.marks).join('')).join('')
  const absentsAt = address + end + ((marks.length + 3) & ~3)
  const ownAbsents = absentsImage(absents, absentsAt)
  const stepsAt = absentsAt + ownAbsents.length
  put(map.delimiterWord, delimiter)
  put(map.absentWord, absent)
  put(map.wrapsWord, wraps)
  for (const [i, word] of [...mayQuote, ...mustQuote].entries()) put(map.quotesWord + i * 4, word)
  put(map.leastWord, least)
  put(map.absentsWord, ownAbsents.length > 0 ? absentsAt : 0)
  put(map.columnsWord, kinds.length)
  put(map.stepsWord, stepsAt)
  put(map.groupsWord, address + map.kindsWord + kinds.length * 4)
  put(map.groupCountWord, groups.length)
  put(map.roomWord, room)
  put(map.copiesWord, copies)
  for (const [i, word] of [...kinds, ...groupsAt].entries()) put(map.kindsWord + i * 4, word)
  let marksAt = address + end
  for (const [number, { inputs, neighbours, targets }] of groups.entries()) {
    const from = groupsAt[number]! - address
    put(from + map.numberWord, firstGroup + number)
    put(from + map.targetsWord, targets)
    put(from + map.neighboursWord, neighbours ? 1 : 0)
    put(from + map.inputCountWord, inputs.length)
    for (const [i, { column, look, marks }] of inputs.entries()) {
      const word = from + map.inputsWord + i * map.inputBytes
      put(word, column)
      put(word + map.lookWord, look)
      put(word + map.marksWord, marksAt)
      put(word + map.markCountWord, marks.length)
      marksAt += marks.length
    }
  }
  const stepsAndTexts = stepsImage(steps, stepsAt, groupsAt)
  return { image: Buffer.concat([head, padded(Buffer.from(marks)), ownAbsents, stepsAndTexts]), groupsAt }
}

/** A word for each column, and the texts behind, each after its length; nothing where no column has any. */
function absentsImage(absents: Program['absents'], address: number): Buffer {
  if (absents.every((texts) => texts.length === 0)) return Buffer.alloc(0)
  const words = Buffer.alloc(absents.length * 4)
  const lists: Buffer[] = []
  let end = address + words.length
  for (const [column, texts] of absents.entries()) {
    if (texts.length === 0) continue
    const list = Buffer.from(`${texts.map((text) => String.fromCharCode(text.length) + text).join('')}\0`)
    words.writeInt32LE(end, column * 4)
    lists.push(list)
    end += list.length
  }
  return padded(Buffer.concat([words, ...lists]))
}

/** Steps at this address, and their texts behind them. */
export function stepsImage(steps: readonly Step[], address: number, groupsAt: readonly number[]): Buffer {
  const words = Buffer.alloc(steps.length * map.stepBytes)
  const texts: Buffer[] = []
  let end = address + words.length
  for (const [number, step] of steps.entries()) {
    const from = number * map.stepBytes
    const put = (offset: number, value: number) => words.writeInt32LE(value, from + offset)
    const placed = (text: string) => {
      const bytes = Buffer.from(text)
      const at = end
      texts.push(bytes)
      end += bytes.length
      return { at, length: bytes.length }
    }
    const before = placed(step.before)
    const text = placed(step.text)
    put(0, step.is | (step.back << map.backShift) | (before.length << map.lengthShift))
    put(map.beforeWord, before.at)
    put(map.textWord, text.at)
    put(map.textLengthWord, text.length)
    put(map.columnWord, step.column)
    put(map.quotedWord, step.quoted ? 1 : 0)
    put(map.groupWord, groupsAt[step.group] ?? 0)
    put(map.targetWord, step.target)
    put(map.repeatableWord, step.repeatable ? 1 : 0)
    put(map.partWord, step.part)
    put(map.nextWord, address + from + (1 + step.next) * map.stepBytes)
  }
  return padded(Buffer.concat([words, ...texts]))
}

/** To whole words. */
function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)])
}
