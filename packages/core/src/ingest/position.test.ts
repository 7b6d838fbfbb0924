import { describe, expect, test } from 'vitest'
import { memorySlice } from '../testing/index.ts'
import { trackPosition } from './position.ts'

const slice = () => memorySlice({ records: 1 })

describe('trackPosition', () => {
  test('passes a slice when it and all before it are stored', () => {
    const tracker = trackPosition(0)
    const [first, second, third] = [slice(), slice(), slice()]
    tracker.add(10, first)
    tracker.add(20, second)
    tracker.add(30, third)
    tracker.complete(second, true)
    expect(tracker.position()).toBe(0)
    tracker.complete(first, true)
    expect(tracker.position()).toBe(20)
    tracker.complete(third, true)
    expect(tracker.position()).toBe(30)
  })

  test('begins where an earlier reading stopped, and passes filtered records at once', () => {
    const tracker = trackPosition(7)
    expect(tracker.position()).toBe(7)
    tracker.add(9)
    expect(tracker.position()).toBe(9)
    const open = slice()
    tracker.add(12, open)
    tracker.add(15)
    expect(tracker.position()).toBe(9)
    tracker.complete(open, true)
    expect(tracker.position()).toBe(15)
  })

  test('never passes a slice of which some is not stored', () => {
    const tracker = trackPosition(0)
    const [first, second, third, late] = [slice(), slice(), slice(), slice()]
    tracker.add(10, first)
    tracker.add(20, second)
    tracker.add(30, third)
    tracker.complete(second, false)
    tracker.complete(third, true)
    tracker.complete(first, true)
    tracker.add(40)
    tracker.add(50, late)
    tracker.complete(late, true)
    expect(tracker.position()).toBe(10)
  })
})
