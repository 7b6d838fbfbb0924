// A suite that takes its size: `npm run chaos -- 200` (schedules), `npm run soak -- 10` (minutes).
// It needs the test servers: eval "$(scripts/servers/up.sh)".
import { spawnSync } from 'node:child_process'

const [suite, size, ...rest] = process.argv.slice(2)
const variable = { chaos: 'FLOWFERRY_CHAOS_SCHEDULES', soak: 'FLOWFERRY_SOAK_MINUTES' }[suite]
const sized = size !== undefined && Number(size) > 0
const more = sized || size === undefined ? rest : [size, ...rest]
const { status } = spawnSync('node_modules/.bin/vitest', ['run', '--project', suite, ...more], {
  stdio: 'inherit',
  env: { ...process.env, FLOWFERRY_REQUIRE_SERVERS: '1', ...(sized && { [variable]: size }) },
})
process.exitCode = status ?? 1
