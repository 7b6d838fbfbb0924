// The CLI as it is built, in this process.
import { here } from '../lib/measure.mjs'

/** Runs a command that prints JSON; at the end prints what `resultOf` makes of that, with the CPU and the peak of it all. */
export async function runCli(args, resultOf) {
  const print = process.stdout.write.bind(process.stdout)
  let said = ''
  process.stdout.write = (text) => {
    said += text
    return true
  }
  process.argv.splice(2, Number.POSITIVE_INFINITY, ...args)
  // Before it exits, as a pipe may not take all at once.
  process.once('beforeExit', () => {
    const { user, system } = process.cpuUsage()
    const peak = process.resourceUsage().maxRSS / 1024
    print(`${JSON.stringify({ ...resultOf(JSON.parse(said)), cpu: (user + system) / 1e6, peak })}\n`)
    process.exitCode = 0
  })
  await import(here('../packages/cli/dist/cli.js'))
}
