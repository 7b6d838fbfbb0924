import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { collect, memoryObject } from '../testing/index.ts'
import { cloudTrail } from './cloudtrail.ts'

interface Case {
  readonly id: string
  readonly type: string
  readonly format: string
  readonly input: string
  readonly records?: number
  readonly expected?: string
}
const corpora = new URL('../../../../../shared/corpora/', import.meta.url)
const manifest = new URL('manifest.json', corpora)
const cases = existsSync(manifest) ? (JSON.parse(readFileSync(manifest, 'utf8')) as Case[]) : []
if (cases.length === 0) console.warn(`skipped: the public CloudTrail samples are not at ${corpora.pathname}`)

/** Rows of Athena's, exported under its names. */
const inLowerCase = ['password_policy_discovery__00']

describe.runIf(cases.length > 0)('public samples', () => {
  const objectOf = ({ input }: Case) =>
    memoryObject({ key: 'events.json', body: readFileSync(new URL(input, corpora)) })
  const ofType = (type: string) => cases.filter((one) => one.type === type).map((one) => [one.id, one] as const)

  test.each([...ofType('cloudtrail'), ...ofType('cloudtrail_fragment')])('%s', async (_, one) => {
    const variant = one.format === 'file-variant'
    const expected = variant
      ? (JSON.parse(readFileSync(new URL(one.expected!, corpora), 'utf8')) as { records: number; error: boolean })
      : { records: one.records ?? 1, error: one.format === 'malformed-json' }
    if (expected.error) {
      await expect(collect(cloudTrail, objectOf(one))).rejects.toMatchObject({ code: 'JSON_INVALID' })
      return
    }
    const { documents, malformed } = await collect(cloudTrail, objectOf(one))
    if (inLowerCase.some((name) => one.id.includes(name))) {
      expect(malformed).toMatchObject([{ reason: expect.stringContaining('in lower case') as string }])
      return
    }
    expect(malformed).toEqual([])
    expect(documents).toHaveLength(expected.records)
  })

  test.each(ofType('cloudtrail_digest'))('%s', async (_, one) => {
    await expect(collect(cloudTrail, objectOf(one))).rejects.toMatchObject({ code: 'FORMAT_MISMATCH' })
  })
})
