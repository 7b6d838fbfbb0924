import { load8 } from './memory.ts'

const ZERO: i32 = 0x30
const POINT: i32 = 0x2e

/**
 * Four numbers of 0 to 255 without leading zeros: what node:net's isIPv4 takes. Their lengths cannot be foreseen, so
 * that a loop over their digits would mispredict its ends.
 */
export function isIPv4(start: i32, end: i32): boolean {
  let at = start
  let wrong = 0
  for (let part = 0; part < 4; part++) {
    wrong |= part > 0 && load8(at - 1) !== POINT ? 1 : 0
    const first = load8(at) - ZERO
    const second = load8(at + 1) - ZERO
    const third = load8(at + 2) - ZERO
    const two = isDigit(second)
    const three = two & isDigit(third)
    const number = three === 1 ? first * 100 + second * 10 + third : first
    wrong |= (isDigit(first) ^ 1) | (first === 0 ? two : 0) | (number > 255 ? 1 : 0)
    at += 2 + two + three
  }
  return wrong === 0 && at - 1 === end
}

function isDigit(value: i32): i32 {
  return value >= 0 && value <= 9 ? 1 : 0
}
