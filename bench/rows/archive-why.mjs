// `flowferry why` over the archive of a bench, as it is built: node archive-why.mjs JSON; prints JSON.
import { runCli } from './cli.mjs'

const { url, account, region, a, b, port, since, until } = JSON.parse(process.argv[2])
Object.assign(process.env, {
  AWS_ENDPOINT_URL: url,
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
})
const time = (iso) => iso.replace('.000', '')
const span = ['--since', time(since), '--until', time(until)]
const where = ['--from', 's3://archive', '--account', account, '--region', region]
await runCli(['why', a, `${b}:${port}`, ...where, ...span, '--json'], ({ archive, cause, certainty, evidence }) => ({
  ...archive,
  cause,
  certainty,
  evidence: evidence.length,
}))
