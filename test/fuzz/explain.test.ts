import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { runHere } from '../../packages/cli/src/test-io.ts'
import { fixtures } from '../support/fixtures.ts'
import { chanceOf, dearInputs as inputs, seed } from './inputs.ts'
import { mutate, type Seed } from './mutate.ts'

/** What a terminal would do instead of showing it. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const control = /[\0-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/

// A record without a time of its own has that of the file: of standard input, now.
beforeAll(() => void vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2026-12-02T00:00:00Z') }))
afterAll(() => void vi.useRealTimers())

test(`${inputs} mutated files are explained: as parse reads them, and as text that can be shown`, async () => {
  const texts = fixtures.map(({ name, text, key }): Seed => ({ name, key, body: Buffer.from(text) }))
  const findings: string[] = []
  const codes: Record<string, number> = {}
  for (let number = 0; number < inputs && findings.length < 20; number++) {
    const { body, how } = mutate(texts, texts, chanceOf(number))
    const say = (what: string) => findings.push(`input ${number} of seed ${seed} (${how}): ${what}`)
    const stdin = [body]
    try {
      const [json, text, parsed] = [
        await runHere(['explain', '-', '--json', '--no-config'], { stdin }),
        await runHere(['explain', '-', '--no-config'], { stdin }),
        await runHere(['parse', '-', '--no-config', '--limit', '1'], { stdin }),
      ]
      codes[json.code] = (codes[json.code] ?? 0) + 1
      if (json.code !== text.code) say(`--json ends with ${json.code}, the text with ${text.code}: ${text.stderr}`)
      const shown = control.exec(text.stdout + text.stderr)
      if (shown) say(`prints ${JSON.stringify(shown[0])}`)
      const { detected, record } = JSON.parse(json.stdout)
      // The first record, where it is no malformed one, is the first document.
      if (record?.document !== undefined) {
        const { _id, ...first } = JSON.parse(parsed.stdout.split('\n')[0] || '{}')
        if (JSON.stringify(first) !== JSON.stringify(record.document))
          say(
            `${detected.format}: explains ${JSON.stringify(record.document)}, and parse reads ${JSON.stringify(first)}`,
          )
      }
    } catch (error) {
      say(`threw ${(error as Error).stack}`)
    }
  }
  console.log(codes)
  expect(findings).toEqual([])
  expect(codes[0]).toBeGreaterThan(inputs / 4)
})
