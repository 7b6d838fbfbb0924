// A suite that takes its size: `npm run chaos -- 200` (schedules), `npm run soak -- 10` (minutes), which need the test
// servers: eval "$(scripts/servers/up.sh)". `npm run worlds -- 300` (worlds, 2,000 unless said) and `npm run fuzz -- 5000`
// (mutated files, 1,000,000 unless said, in two processes) need none.
import { spawnSync } from 'node:child_process'

const suites = {
  chaos: { variable: 'FLOWFERRY_CHAOS_SCHEDULES', tests: ['--project', 'chaos'] },
  soak: { variable: 'FLOWFERRY_SOAK_MINUTES', tests: ['--project', 'soak'] },
  worlds: { variable: 'FLOWFERRY_WORLDS', tests: ['--project', 'unit', 'test/why/worlds.test.ts'], usual: '2000' },
  fuzz: { variable: 'FLOWFERRY_FUZZ_INPUTS', tests: ['--project', 'fuzz'], usual: '1000000' },
}
const [name, size, ...rest] = process.argv.slice(2)
const { variable, tests, usual } = suites[name]
const sized = size !== undefined && Number(size) > 0
const more = sized || size === undefined ? rest : [size, ...rest]
const count = sized ? size : usual
const { status } = spawnSync('node_modules/.bin/vitest', ['run', ...tests, ...more], {
  stdio: 'inherit',
  env: { ...process.env, FLOWFERRY_REQUIRE_SERVERS: '1', ...(count && { [variable]: count }) },
})
process.exitCode = status ?? 1
