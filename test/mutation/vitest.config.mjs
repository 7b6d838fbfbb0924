import { readFileSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import { defineConfig } from 'vitest/config'
import root from '../../vitest.config.ts'
import { instrument } from './mutants.mjs'
import { readMutants } from './state.mjs'

const { files, tests, workers } = readMutants()
const { resolve: resolving } = root.test.projects.find(({ test }) => test.name === 'unit')

/** As the command gave them: tests beside a unit kill most of its mutants, and come first. */
class Sequencer {
  shard = (specifications) => specifications
  sort = (specifications) =>
    specifications.sort((a, b) => tests.indexOf(relative('.', a.moduleId)) - tests.indexOf(relative('.', b.moduleId)))
}

export default defineConfig({
  root: resolve('.'),
  resolve: resolving,
  plugins: [
    {
      name: 'mutants',
      enforce: 'pre',
      transform: (_, id) => {
        const file = relative('.', id)
        // The file itself: another plugin may have changed the text.
        if (file in files) return { code: instrument(file, readFileSync(id, 'utf8'), files[file]), map: null }
      },
    },
  ],
  test: {
    include: tests,
    runner: resolve('test/mutation/runner.mjs'),
    pool: 'forks',
    maxWorkers: workers,
    sequence: { sequencer: Sequencer },
    testTimeout: 20_000,
    teardownTimeout: 1000,
    dangerouslyIgnoreUnhandledErrors: true,
    reporters: ['dot'],
  },
})
