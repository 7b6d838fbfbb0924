import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach } from 'vitest'

/** Makes a folder for each test, and removes it behind the test. `use` is told of each. */
export function temporaryFolder(use: (folder: string) => void): void {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'flowferry-'))
    use(folder)
  })
  afterEach(() => rm(folder, { recursive: true }))
}
