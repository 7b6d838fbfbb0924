import { Option } from 'commander'
import type { AlertsCommandOptions } from '../commands/alerts.ts'
import type { AskCommandOptions } from '../commands/ask.ts'
import type { McpCommandOptions } from '../commands/mcp.ts'
import type { ServeCommandOptions } from '../commands/serve.ts'
import type { WhyCommandOptions } from '../commands/why.ts'
import { loadSettings } from '../config/load.ts'
import { withFrom } from '../config/settings.ts'
import {
  archiveOptions,
  type ConfigFlag,
  credentials,
  type FieldsFlag,
  fromOptions,
  json,
  type Surroundings,
  snapshotOption,
  wholeNumber,
  withFields,
} from './options.ts'

/** What asks the logs: `why`, `ask`, `alerts`, `mcp`, `serve`. */
export function answerCommands(around: Surroundings): void {
  const { command, finish, version } = around

  archiveOptions(
    fromOptions(command('why'))
      .description(
        'Why A does not reach B: the cause, how sure, and the records that show it, from logs that are stored or on S3. Without B: which targets of A fail.',
      )
      .argument('<a>', 'the client: an address, eni-…, i-…, or a name of the snapshot')
      .argument('[b]', 'the target, likewise, with its port: 10.0.9.12:5432, [2001:db8::12]:443, orders-db:5432')
      .addOption(snapshotOption())
      .option('--since <time>', 'tries from here on, as for backfill; default: an hour before --until')
      .option('--until <time>', 'tries before this; default: now'),
  )
    .option(
      '--lookback <duration>',
      'of an archive: how long before --since interfaces are looked for, up to 1d; default: 10m, as more reads more files',
    )
    .addOption(json('one JSON object on standard output, its records whole'))
    .addHelpText(
      'after',
      `
${credentials}
Over an archive it needs s3:ListBucket and s3:GetObject, and 1 GB of memory at most.

Exit codes: 0 no fault found, 1 failed, 2 wrong usage, 4 a cause is named, 5 the logs cannot tell.

Examples:
  flowferry why 10.0.3.7 10.0.9.12:5432 --from duckdb:logs.db --since -2h
  flowferry why payments orders-db:5432 --from duckdb:logs.db
  flowferry why payments --from duckdb:logs.db
  flowferry why 10.0.3.7 10.0.9.12:5432 --from s3://my-logs --since 2026-11-22T09:00Z --until 2026-11-22T10:00Z
  flowferry why 10.0.3.7 10.0.9.12:5432 --from elasticsearch --since 2026-11-22T09:00Z --until 2026-11-22T10:00Z --json`,
    )
    .action(
      async (
        a: string,
        b: string | undefined,
        { config, fields, ...options }: WhyCommandOptions & ConfigFlag & FieldsFlag,
      ) => {
        const settings = withFields(await loadSettings(config, around.io), fields)
        const { whyCommand } = await import('../commands/why.ts')
        finish(await whyCommand(a, b, withFrom(options, settings), around.io, settings))
      },
    )

  archiveOptions(
    fromOptions(command('ask'))
      .description(
        'A question of every day, of logs that are stored or on S3: who talks to whom, what does not answer, who changed what. Without a question, the list of them.',
      )
      .argument('[question]', 'its name: unanswered, talkers, …')
      .option('--since <time>', 'records from here on, as for backfill; default: a day before --until')
      .option('--until <time>', 'records before this; default: now'),
  )
    .option('--limit <n>', "at most so many rows; default: the question's", wholeNumber(1, 100_000))
    .option('--own <block...>', 'blocks of your own addresses: 10.0.0.0/8; default: private addresses')
    .addOption(json())
    .addHelpText(
      'after',
      `
${credentials}
Over an archive it needs s3:ListBucket and s3:GetObject, and 1 GB of memory at most.

Exit codes: 0 answered, 1 failed, 2 wrong usage, 5 the answer is not whole, and it says why.

Examples:
  flowferry ask
  flowferry ask unanswered --from duckdb:logs.db --since -2h
  flowferry ask iam-errors --from s3://my-logs --since 2026-11-22T09:00Z --until 2026-11-22T10:00Z
  flowferry ask new-external --from elasticsearch --own 10.0.0.0/8 2001:db8:5::/48 --json | jq .rows`,
    )
    .action(
      async (
        question: string | undefined,
        { config, fields, ...options }: AskCommandOptions & ConfigFlag & FieldsFlag,
      ) => {
        const settings = withFields(await loadSettings(config, around.io), fields)
        const { askCommand } = await import('../commands/ask.ts')
        finish(await askCommand(question, options, around.io, settings))
      },
    )

  fromOptions(command('alerts'))
    .description(
      'What to be told of: own services that do not answer, scans, root, security groups opened to the world, logs that ended, … Without a store, the list of them.',
    )
    .argument('[name...]', 'names of alerts; default: all that the config does not turn off')
    .option('--state <file>', 'what fires already, from one evaluation to the next; default: all that fires is new')
    .option('--every <duration>', 'evaluate again and again, until Ctrl-C: 5m; default: once')
    .option('--until <time>', 'evaluate as if it were then; default: now')
    .option('--late <duration>', 'how late records may come; default: as the formats have it, 1h or 2h')
    .addOption(
      new Option(
        '--window <time>',
        'which time counts: record, in windows that end as long ago as records are late; ingested, when they came, of documents with event.ingested; default: record',
      ).choices(['record', 'ingested']),
    )
    .option('--own <block...>', 'blocks of your own addresses: 10.0.0.0/8; default: private addresses')
    .option('--dlq <url...>', 'dead-letter queues to look at')
    .option('--dashboard <url>', 'address of the dashboard, to which findings link')
    .addOption(
      new Option(
        '--compile <product>',
        'instead, print the alerts as rules of Kibana or monitors of OpenSearch',
      ).choices(['kibana', 'opensearch']),
    )
    .addOption(json('one JSON object on standard output for each evaluation'))
    .addHelpText(
      'after',
      `
${credentials}
--dlq needs sqs:GetQueueAttributes.

Each alert looks at a window of time of its own, 5m to 1h: flowferry alerts lists them, an evaluation tells from when to
when. Where one record fires, it reaches up to now. Where records are counted, it ends as long ago as logs may come late,
1h, of CloudTrail and CloudFront 2h, or --late: what was stored since then fires later. Without --until it ends near now:
of old logs, say --until.

Exit codes: 0 nothing fires, 1 failed, 2 wrong usage, 4 something fires, 5 the logs cannot tell, and it says why.

Examples:
  flowferry alerts
  flowferry alerts --from duckdb:logs.db --state alerts.json
  flowferry alerts root-used open-to-world --from elasticsearch --every 5m --state alerts.json
  flowferry alerts --compile opensearch > monitors.json`,
    )
    .action(async (names: string[], { config, ...options }: AlertsCommandOptions & ConfigFlag) => {
      const settings = await loadSettings(config, around.io)
      const { alertsCommand } = await import('../commands/alerts.ts')
      finish(await alertsCommand(names, options, around.io, settings))
    })

  archiveOptions(fromOptions(command('mcp')))
    .description(
      'Serves why, ask, flows, changes and formats to language models: the Model Context Protocol over standard input and output. It only reads.',
    )
    .addOption(snapshotOption())
    .option('--lookback <duration>', 'of an archive: as for why')
    .addHelpText(
      'after',
      `
${credentials}
A client starts it; how to tell it, and what the tools answer: docs/mcp.md.

Exit codes: 0 the client ended it, 1 failed, 2 wrong usage.

Example:
  flowferry mcp --from duckdb:/var/lib/flowferry/logs.db`,
    )
    .action(async ({ config, ...options }: McpCommandOptions & ConfigFlag) => {
      const { mcpCommand } = await import('../commands/mcp.ts')
      finish(await mcpCommand(options, around.io, version, () => loadSettings(config, around.io)))
    })

  fromOptions(command('serve'))
    .description(
      'The dashboard over a store, in the browser of this machine: what is wrong now, why A does not reach B, the records behind it. It only reads.',
    )
    .option('--port <n>', 'of 127.0.0.1; default: any that is free', wholeNumber(1, 65_535))
    .option('--own <block...>', 'blocks of your own addresses: 10.0.0.0/8; default: private addresses')
    .addOption(snapshotOption())
    .option('--open', 'open it in the browser')
    .addHelpText(
      'after',
      `
${credentials}
The address that it prints has a token, which is new each time; whoever has it can ask the store. Over SSH, forward the
port: ssh -L 8940:127.0.0.1:8940 host. What the pages show: docs/dashboard.md.

Exit codes: 0 stopped by Ctrl+C, 1 failed, 2 wrong usage.

Examples:
  flowferry serve --from duckdb:logs.db --open
  flowferry serve --from elasticsearch --port 8940 --own 10.0.0.0/8 2001:db8:5::/48`,
    )
    .action(async ({ config, ...options }: ServeCommandOptions & ConfigFlag) => {
      const settings = await loadSettings(config, around.io)
      const { serveCommand } = await import('../commands/serve.ts')
      finish(await serveCommand(options, around.io, settings))
    })
}
