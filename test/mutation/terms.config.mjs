import { readFileSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import { defineConfig } from 'vitest/config'
import root from '../../vitest.config.ts'
import { instrument, mutated } from './terms.ts'

const { resolve: resolving } = root.test.projects.find(({ test }) => test.name === 'unit')

export default defineConfig({
  root: resolve('.'),
  resolve: resolving,
  plugins: [
    {
      name: 'terms',
      enforce: 'pre',
      transform: (_, id) => {
        if (relative('.', id) === mutated) return { code: instrument(readFileSync(id, 'utf8')), map: null }
      },
    },
  ],
  test: { include: ['test/mutation/terms.test.ts'], pool: 'forks' },
})
