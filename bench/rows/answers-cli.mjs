// A command of `flowferry` as it is built: node answers-cli.mjs ARGUMENT…; prints JSON.
import { runCli } from './cli.mjs'

await runCli([...process.argv.slice(2), '--json'], ({ evidence, ...answer }) => ({ answer }))
