// `flowferry why` over the archive of a bench, as it is built: node archive-why.mjs JSON; prints JSON.
import { writeSync } from 'node:fs'
import { here } from '../lib/measure.mjs'

const { url, account, region, a, b, port, since, until } = JSON.parse(process.argv[2])
let said = ''
process.stdout.write = (text) => {
  said += text
  return true
}
Object.assign(process.env, {
  AWS_ENDPOINT_URL: url,
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
})
const time = (iso) => iso.replace('.000', '')
const span = ['--since', time(since), '--until', time(until)]
const where = ['--from', 's3://archive', '--account', account, '--region', region]
process.argv.splice(2, 1, 'why', a, `${b}:${port}`, ...where, ...span, '--json')
process.on('exit', () => {
  const { archive, cause, certainty, evidence } = JSON.parse(said)
  const { user, system } = process.cpuUsage()
  const peak = process.resourceUsage().maxRSS / 1024
  const result = { ...archive, cause, certainty, evidence: evidence.length, cpu: (user + system) / 1e6, peak }
  writeSync(1, `${JSON.stringify(result)}\n`)
  process.exitCode = 0
})
await import(here('../packages/cli/dist/cli.js'))
