import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url))

// The tests read the packages' sources, so a test run never sees a stale build.
const alias = [
  { find: /^@flowferry\/core\/formats\/(.+)$/, replacement: source('./packages/core/src/formats/$1.ts') },
  { find: /^@flowferry\/core\/formats$/, replacement: source('./packages/core/src/formats/index.ts') },
  { find: /^@flowferry\/core\/internal$/, replacement: source('./packages/core/src/internal.ts') },
  { find: /^@flowferry\/core\/schema$/, replacement: source('./packages/core/src/schema/index.ts') },
  { find: /^@flowferry\/core\/testing$/, replacement: source('./packages/core/src/testing/index.ts') },
  { find: /^@flowferry\/answers\/(.+)$/, replacement: source('./packages/answers/src/$1.ts') },
  { find: /^@flowferry\/enrich\/(.+)$/, replacement: source('./packages/enrich/src/$1.ts') },
  { find: /^@flowferry\/(.+)$/, replacement: source('./packages/$1/src/index.ts') },
]

/** `eval "$(scripts/servers/secure.sh start)"` starts what these need, and tells where it is. */
const secure = process.env.FLOWFERRY_TEST_SECURE_ELASTICSEARCH
  ? [
      {
        resolve: { alias },
        test: {
          name: 'secure',
          include: ['test/secure/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ]
  : []

export default defineConfig({
  test: {
    // One for each of CI's two cores: the default leaves one idle.
    maxWorkers: 2,
    projects: [
      {
        resolve: { alias },
        test: {
          name: 'unit',
          // A machine that does other things as well is slow, not wrong.
          testTimeout: 60_000,
          include: [
            'packages/*/src/**/*.test.ts',
            'examples/*/src/**/*.test.ts',
            'test/*.test.ts',
            'test/why/*.test.ts',
            'test/worlds/*.test.ts',
          ],
          typecheck: {
            enabled: true,
            ignoreSourceErrors: true,
            tsconfig: 'tsconfig.json',
            include: ['packages/*/src/**/*.test-d.ts'],
          },
        },
      },
      {
        resolve: { alias },
        test: {
          name: 'servers',
          include: ['packages/*/test/**/*.test.ts', 'examples/*/test/**/*.test.ts', 'test/servers/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
          // Behind the unit tests: deadlines of some seconds are tried here.
          sequence: { groupOrder: 1 },
        },
      },
      ...secure,
      {
        resolve: { alias },
        test: {
          name: 'chaos',
          include: ['test/chaos/**/*.test.ts'],
          testTimeout: 600_000,
          hookTimeout: 120_000,
          // Schedules wait more than they work.
          maxConcurrency: 4,
        },
      },
      {
        resolve: { alias },
        test: {
          name: 'browser',
          include: ['test/browser/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
      {
        resolve: { alias },
        test: { name: 'packages', include: ['test/packages/**/*.test.ts'], testTimeout: 120_000, hookTimeout: 300_000 },
      },
      {
        resolve: { alias },
        test: { name: 'fuzz', include: ['test/fuzz/**/*.test.ts'], testTimeout: 7_200_000 },
      },
      {
        resolve: { alias },
        test: { name: 'soak', include: ['test/soak/**/*.test.ts'], testTimeout: 90_000_000, hookTimeout: 120_000 },
      },
    ],
  },
})
