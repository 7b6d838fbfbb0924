import { Writable } from 'node:stream'
import { expect, it } from 'vitest'
import { line, type Output } from './io.ts'

function written(text: string): string {
  let all = ''
  const output = new Writable({
    write: (chunk, _, done) => {
      all += chunk
      done()
    },
  })
  line(output as Output, text)
  return all
}

it('a line is one line, whatever a key or a cause holds', () => {
  expect(written('s3://logs/a\u001b[2J\r\ndone: all\u009b1A\u202e.gz')).toBe(
    `${String.raw`s3://logs/a\u001b[2J\r\ndone: all\u009b1A\u202e.gz`}\n`,
  )
})

it('a line of JSON is the same JSON', () => {
  const value = { key: 'a\u001b\u009b\u2028\n"ü\u202e' }
  const text = written(JSON.stringify(value))
  expect(JSON.parse(text)).toEqual(value)
  expect(text).not.toMatch(/[\u0080-\u009f\u2028\u202e]/)
})
