import { describe, expect, it } from 'vitest'
import { statedHolding } from './holding.ts'

const kind = 'vpcflow'

describe('statedHolding', () => {
  it('takes what is stated', () => {
    const holding = statedHolding('alb', { kind: 'alb', files: 5, gb: 2, expandedGb: 20, records: 7 })
    expect(holding).toMatchObject({
      files: { value: 5, origin: 'stated' },
      stored: { value: 2e9, origin: 'stated' },
      expanded: { value: 20e9, origin: 'stated' },
      records: { value: 7, origin: 'stated' },
      documents: { value: 7, origin: 'stated' },
    })
  })

  it.each([
    ['GB on S3', { gb: 112 }, { stored: 112e9, expanded: 504e9, records: 4.5e9 }],
    ['GB decompressed', { expandedGb: 112 }, { stored: 112e9 / 4.5, expanded: 112e9, records: 1e9 }],
    ['records', { records: 1e9 }, { stored: 112e9 / 4.5, expanded: 112e9, records: 1e9 }],
  ])('completes %s by what was measured', (_, stated, expected) => {
    const holding = statedHolding('vpc-flow', { kind, files: 5, ...stated })
    if (typeof holding === 'string') throw new Error(holding)
    for (const [name, value] of Object.entries(expected)) {
      const known = holding[name as keyof typeof expected]!
      expect(known.value, name).toBeCloseTo(value, 0)
      expect(known.origin).toMatch(/^stated$|measured/)
    }
  })

  it('asks for what was not measured', () => {
    expect(statedHolding('alb', { kind: 'alb', files: 5, gb: 2 })).toBe(
      'alb was not measured: state --gb, --expanded-gb and --records',
    )
  })
})
