import { expect, it } from 'vitest'
import { runHere } from '../test-io.ts'
it('x', async () => {
  for (const args of JSON.parse(process.env.ARGS!)) {
    const r = await runHere(['explain', ...args])
    console.log(r.code + '\n' + r.stdout + '\n' + r.stderr)
  }
})
