import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, vi } from 'vitest'
import { generate } from '../../../examples/demo/src/samples/generate.ts'

// A machine that does other things as well is slow, not wrong.
vi.setConfig({ testTimeout: 60_000 })

const built = fileURLToPath(new URL('../dist/cli.js', import.meta.url))
const libraries = ['core', 'source-s3', 'sink-duckdb'].map((name) =>
  fileURLToPath(new URL(`../../${name}/dist/index.js`, import.meta.url)),
)
const ready = [built, ...libraries].every((path) => existsSync(path))

describe.skipIf(!ready)('the built file (skipped until `pnpm build`)', () => {
  it('parses standard input, and ends quietly when its reader has enough', async () => {
    const child = spawn(process.execPath, [built, 'parse', '-'])
    let stderr = ''
    child.stderr.on('data', (chunk) => {
      stderr += chunk
    })
    child.stdin.on('error', () => undefined)
    const flows = generate().filter(({ table }) => table === 'aws_vpcflow')
    child.stdin.end(flows.map(({ text }) => text).join(''))
    const first = await new Promise<string>((resolve) => child.stdout.once('data', (chunk) => resolve(String(chunk))))
    child.stdout.destroy()
    const code = await new Promise((resolve) => child.on('close', resolve))
    expect(JSON.parse(first.split('\n')[0]!)).toMatchObject({ event: { dataset: 'aws.vpcflow' } })
    expect(stderr).toBe('')
    expect(code).toBe(0)
  })

  it('exits with 2 for bad usage', async () => {
    const child = spawn(process.execPath, [built, 'ingest'])
    expect(await new Promise((resolve) => child.on('close', resolve))).toBe(2)
  })
})
