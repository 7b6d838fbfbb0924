import { FlowferryError } from '@flowferry/core'
import { describe, expect, it } from 'vitest'
import { exitCodeOf, failed, fine, found, notChecked, tell } from './check.ts'

const fault = found('b', 'fault', 'wrong', 'mend it', ['more'])
const open = found('c', 'unknown', 'refused', 'grant it')
const warning = found('d', 'warning', 'odd', 'look')

describe('checks', () => {
  it('end with the worst of them, and what was not named is none', () => {
    expect(exitCodeOf([fine('a', ''), notChecked('x', ''), warning])).toBe(0)
    expect(exitCodeOf([fine('a', ''), open])).toBe(5)
    expect(exitCodeOf([open, fault])).toBe(4)
  })

  it('are told with what to do below, and counted', () => {
    expect(tell([fine('account', 'well'), fault, notChecked('x', 'not named')])).toEqual([
      'ok           account  well',
      'fault        b        wrong',
      '                      more',
      '                      > mend it',
      'not checked  x        not named',
      '',
      '1 fault, 1 not checked',
    ])
    expect(tell([fine('a', 'well')]).at(-1)).toBe('all is well')
  })

  it('take a missing right for open, and all else for a fault', () => {
    const denied = Object.assign(new Error('no'), { name: 'AccessDenied' })
    expect(failed('a', denied, 'x:Get')).toMatchObject({ status: 'unknown', todo: expect.stringContaining('x:Get') })
    expect(failed('a', new FlowferryError('TARGET_UNAUTHORIZED', 'no'), 'y').status).toBe('unknown')
    expect(failed('a', new FlowferryError('TARGET_UNREACHABLE', 'gone'), 'y')).toMatchObject({
      status: 'fault',
      what: 'gone [TARGET_UNREACHABLE]',
      todo: expect.stringContaining('network'),
    })
    expect(failed('a', new Error('odd'), 'y')).toMatchObject({ status: 'fault', what: 'odd' })
  })
})
