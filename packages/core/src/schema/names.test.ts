import { expect, test } from 'vitest'
import { freeName, reserved, snakeCase, takenNames } from './names.ts'

test.each([
  ['cs(User-Agent)', 'cs_user_agent'],
  ['eventName', 'event_name'],
  ['client:port', 'client_port'],
  ['already_so', 'already_so'],
  ['é', 'field'],
])('%s is %s in snake case', (name, expected) => {
  expect(snakeCase(name)).toBe(expected)
})

test('a name that is taken gets the next number that is free', () => {
  const taken = takenNames(['a', 'a_2'])
  expect([freeName('a', taken), freeName('a', taken), freeName('b', taken), freeName('b', taken)]).toEqual([
    'a_3',
    'a_4',
    'b',
    'b_2',
  ])
})

test('what every record or object has is reserved', () => {
  for (const name of ['kind', 'constructor', '__proto__', 'toString']) expect(reserved.has(name)).toBe(true)
})
