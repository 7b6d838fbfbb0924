import { FlowferryError } from '@flowferry/core'
import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import type { AlertsCommandOptions } from './commands/alerts.ts'
import type { AskCommandOptions } from './commands/ask.ts'
import type { BackfillCommandOptions } from './commands/backfill.ts'
import type { Shell } from './commands/completion.ts'
import type { CostCommandOptions } from './commands/cost.ts'
import type { DlqOptions } from './commands/dlq.ts'
import type { DoctorCommandOptions } from './commands/doctor.ts'
import type { ExplainOptions } from './commands/explain.ts'
import type { IngestCommandOptions } from './commands/ingest.ts'
import type { McpCommandOptions } from './commands/mcp.ts'
import type { ParseOptions } from './commands/parse.ts'
import type { RedriveCommandOptions } from './commands/redrive.ts'
import type { ServeCommandOptions } from './commands/serve.ts'
import type { SetupCommandOptions } from './commands/setup.ts'
import type { SnapshotCommandOptions } from './commands/snapshot.ts'
import type { TailCommandOptions } from './commands/tail.ts'
import type { VerifyCommandOptions } from './commands/verify.ts'
import type { WhyCommandOptions } from './commands/why.ts'
import { loadSettings } from './config/load.ts'
import { type Settings, withFrom, withStore } from './config/settings.ts'
import { awsFormatNames, formatNames, logFormatNames, requireNames, unenriched } from './formats.ts'
import { hintsFor, wordsOf } from './hints.ts'
import { type ExitCode, exitCodes, type Io, line, note, UsageError } from './io.ts'

/** Runs a command line, without the `node flowferry` before it. Resolves with the exit code; never rejects. */
export async function run(args: readonly string[], io: Io, version = '0.0.0'): Promise<number> {
  let code: ExitCode = exitCodes.ok
  const program = describeProgram(io, version, (result) => {
    code = result
  })
  try {
    await program.parseAsync([...args], { from: 'user' })
    return code
  } catch (error) {
    if (error instanceof CommanderError) {
      const list = ['--include', '--exclude'].find((name) => args.includes(name))
      if (error.code === 'commander.missingArgument' && list !== undefined)
        line(io.stderr, `hint: all that follows ${list}, up to the next option, is its globs: put the source before it`)
      return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
    }
    if (error instanceof UsageError || (FlowferryError.isInstance(error) && error.code === 'INVALID_OPTION')) {
      line(io.stderr, `error: ${error.message}`)
      return exitCodes.usage
    }
    line(io.stderr, `error: ${messageOf(error)}`)
    for (const hint of hintsFor([error])) line(io.stderr, hint)
    return exitCodes.failed
  }
}

const credentials = `Credentials come from the environment only:
  ELASTICSEARCH_API_KEY (as it is created, or id:key), or ELASTICSEARCH_USERNAME and ELASTICSEARCH_PASSWORD
  OPENSEARCH_USERNAME and OPENSEARCH_PASSWORD, or with --auth sigv4 those of AWS
  ELASTICSEARCH_CA_FILE, OPENSEARCH_CA_FILE: certificate authority of a cluster that signed its own certificate
  AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL, … as for the AWS CLI`

interface ConfigFlag {
  /** `--config FILE`, or false of `--no-config`. */
  readonly config?: string | boolean
}

/** Whose completion is known. */
const shells: readonly Shell[] = ['bash', 'zsh', 'fish']

/** What the config may say of a store, beside which it is. */
const storeNames = ['url', 'cloudId', 'auth', 'index', 'indexPer', 'documents', 'op', 'gzip'] as const
/** … for templates. */
const setupNames = ['url', 'cloudId', 'auth', 'index', 'indexPer', 'documents'] as const

interface FieldsFlag {
  /** `--fields NAMES`, of the one `--format`. */
  readonly fields?: string
}

/** The config, and whether the formats that are asked for are there, with or without it. */
async function settingsFor(
  flag: ConfigFlag['config'],
  format: string | readonly string[] | undefined,
  io: Io,
  namesOf: (settings: Settings) => readonly string[],
  fields?: string,
): Promise<Settings> {
  const settings = withFields(await loadSettings(flag, io), fields, format)
  requireNames(format, namesOf(settings))
  const plain = unenriched(settings).filter((name) => format === undefined || [format].flat().includes(name))
  if (plain.length > 0)
    note(
      io,
      `note: enrichments of the config are not for ${plain.join(', ')}: format() declares what they are bound to`,
    )
  return settings
}

function withFields(
  settings: Settings,
  names: string | undefined,
  format: string | readonly string[] = 'vpc-flow',
): Settings {
  if (names === undefined) return settings
  const [name, ...others] = [format].flat()
  if (name === undefined || others.length > 0)
    throw new UsageError('--fields takes one --format, whose fields they are')
  return { ...settings, fields: { format: name, names } }
}

/** What a command imports it imports when it runs: help and errors of usage must not wait for the AWS SDK. */
function describeProgram(given: Io, version: string, finish: (code: ExitCode) => void): Command {
  let io = given
  const program = new Command('flowferry')
    .description('AWS log files from S3 or disk, as ECS documents, into Elasticsearch, OpenSearch or DuckDB.')
    .version(version)
    .exitOverride()
    .configureOutput({ writeOut: (text) => io.stdout.write(text), writeErr: (text) => io.stderr.write(text) })
    .hook('preAction', (_, action) => {
      if (action.opts().quiet) io = { ...given, quiet: true }
    })
    .showHelpAfterError('(flowferry help shows the commands, flowferry help COMMAND its options)')
    .addHelpText(
      'after',
      `
flowferry.config.ts (.mts, .js, .mjs), here or above, adds formats and enrichments of your own and says which store: docs/config.md.`,
    )
  const format = () =>
    new Option(
      '--format <name>',
      `how to read the files: ${formatNames().join(', ')}, or a format of the config; default: found out for each by its content`,
    )
  const fields = (what: string) =>
    new Option(
      '--fields <names>',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: as AWS writes the format of a flow log
      `${what} without a header, in order, as the flow log has them: ${'${srcaddr} ${dstaddr} …'}`,
    )
  const formats = (what: string) =>
    new Option('--format <name...>', `${what} (${awsFormatNames.join(', ')}, or formats of the config)`)
  const configOptions = (command: Command) =>
    command
      .option('--config <file>', 'the config; default: flowferry.config.ts, .mts, .js or .mjs, here or above')
      .option('--no-config', 'read no config')
  /** Which cluster, and how it is signed in to. */
  const clusterOptions = (command: Command) =>
    command
      .option('--url <url>', 'address of the cluster; default: ELASTICSEARCH_URL or OPENSEARCH_URL')
      .option('--cloud-id <id>', 'or, of Elastic Cloud, its Cloud ID; default: ELASTIC_CLOUD_ID')
      .addOption(
        new Option(
          '--auth <how>',
          'sigv4 signs requests to OpenSearch, a domain of AWS or a search collection of Serverless, with credentials of AWS; default: those of the cluster',
        ).choices(['sigv4']),
      )
  const json = (what = 'one JSON object on standard output') => new Option('--json', what)
  const dryRun = (what = 'only tell what it would do') => new Option('--dry-run', what)
  const limit = (what: string) =>
    new Option('--limit <n>', `at most so many ${what}`).argParser(wholeNumber(1, Number.MAX_SAFE_INTEGER))
  const globOptions = (command: Command, what: string) =>
    command
      .option(
        '--include <glob...>',
        `only ${what} that one of these fits: *.log.gz, 'AWSLogs/*/vpcflowlogs/**', AWSLogs/123456789012/`,
      )
      .option('--exclude <glob...>', `without ${what} that one of these fits`)
  const snapshotOption = () =>
    new Option(
      '--snapshot <file>',
      'what flowferry snapshot wrote; default: flowferry.snapshot.json, where it is there',
    )
  const indexPer = () =>
    new Option(
      '--index-per <span>',
      'an index for each day or month of the documents, where an id is stored once for ever; default: data streams',
    ).choices(['day', 'month'])
  const documents = () =>
    new Option(
      '--documents <form>',
      'full: each value under each of its names, also in _source; default: small, an index finds the others by aliases',
    ).choices(['small', 'full'])
  /** What `ingest` and `backfill` say alike of the store, beside `--to`. */
  const storeOptions = (command: Command) =>
    clusterOptions(command)
      .option(
        '--index <name>',
        'one index for everything, whose mapping is yours; default: a data stream for each format',
      )
      .addOption(indexPer())
      .addOption(documents())
      .addOption(
        new Option(
          '--op <op>',
          'index overwrites what is there, with --index-per or --index; default: create, which leaves it',
        ).choices(['create', 'index']),
      )
      .option('--gzip', 'compress what is sent to the cluster')
      .option('--skip-unknown', 'pass over what is of no known format, and count it; default: it fails')
      .option('--skip-archived', 'pass over objects in an archive tier of S3, and count them; default: they fail')
      .option(
        '--malformed-share <share>',
        'of the records of a file, 0 to 1, that may be malformed before the file fails; default 0.1',
        numberFrom(0, 1),
      )
      .option('--setup', 'first install the index templates')
      .option('--concurrency <n>', 'files read at the same time, 1 to 64; default 4', wholeNumber(1, 64))

  /** What `why` and `ask` say alike of where the logs are. */
  const fromOptions = (command: Command) =>
    clusterOptions(
      configOptions(command).option(
        '--from <store>',
        'where the logs are: duckdb:FILE, elasticsearch, opensearch, or the archive itself: s3://bucket, s3://bucket/prefix; default: the store of the config',
      ),
    )
      .option('--index <name>', 'the index that has everything; default: data streams')
      .addOption(
        new Option('--index-per <span>', 'of indices for each day or month; default: data streams').choices([
          'day',
          'month',
        ]),
      )
  const archiveOptions = (command: Command) =>
    command
      .option('--account <id...>', 'of an archive: accounts; default: all that are found')
      .option('--region <name...>', 'of an archive: regions; default: all that are found')
      .option('--late <duration>', 'of an archive: how late a record may have come, as for backfill')
      .addOption(fields('of an archive: fields of its flow logs'))

  configOptions(command('parse'))
    .description("A file's documents as they would be indexed, one JSON object a line; a report on standard error.")
    .argument('<source>', 'a file, s3://bucket/key, or - for standard input')
    .addOption(format())
    .addOption(fields('of vpc-flow, or of --format: fields of files'))
    .addOption(documents())
    .addOption(limit('documents printed; default: all'))
    .addHelpText(
      'after',
      `
Exit codes: 0 all well, 1 failed, 2 wrong usage, 3 some records are malformed.
Standard input is read once, as it comes. It has no content hash, so ids that build on one cannot be told from it;
documents are printed without ids.

Examples:
  flowferry parse flow.log.gz --limit 1
  aws s3 cp s3://logs/AWSLogs/…json.gz - | flowferry parse - --format cloudtrail | jq .event.action`,
    )
    .action(async (source: string, { config, fields, ...options }: ParseOptions & ConfigFlag & FieldsFlag) => {
      const settings = await settingsFor(config, options.format, io, formatNames, fields)
      const { parse } = await import('./commands/parse.ts')
      finish(await parse(source, withStore(options, settings, undefined, ['documents']), io, settings))
    })

  configOptions(command('tail'))
    .description(
      'The documents of new log files of a bucket as they come, one JSON object a line, until Ctrl-C; everything else on standard error.',
    )
    .argument('<source>', 's3://bucket or s3://bucket/prefix; or with --take the URL of a queue')
    .addOption(formats('logs to print; default: all'))
    .addOption(fields('of vpc-flow, or of --format: fields of files'))
    .addOption(documents())
    .option(
      '--since <time>',
      'of a bucket: first what is there, records from here on, as for backfill; default: nothing',
    )
    .option('--interval <duration>', 'of a bucket: between two listings: 1s, 5m; default: 30s')
    .option('--account <id...>', 'of a bucket: accounts; default: all that are found')
    .option('--region <name...>', 'of a bucket: regions; default: all that are found')
    .option(
      '--late <duration>',
      'of a bucket: how old the time in a new key may be; default: 1h or more, as the format has it',
    )
    .addOption(limit('documents printed; default: until Ctrl-C'))
    .option('--take', 'the queue is for tail alone: it receives messages, and deletes those that it printed')
    .addHelpText(
      'after',
      `
It needs s3:ListBucket and s3:GetObject; of a queue sqs:ReceiveMessage, sqs:DeleteMessage and
sqs:ChangeMessageVisibility. How a queue of its own comes about: docs/tail.md.

Exit codes: 0 ended by Ctrl-C or --limit, 1 something failed, 2 wrong usage, 3 some records are malformed.

Examples:
  flowferry tail s3://my-logs --format vpc-flow | jq -c 'select(.event.action == "reject")'
  flowferry tail s3://my-logs/AWSLogs/123456789012/CloudTrail/ --since -1h --region us-east-1
  flowferry tail s3://my-logs --limit 1
  flowferry tail https://sqs.eu-central-1.amazonaws.com/123456789012/logs-tail --take`,
    )
    .action(async (source: string, { config, fields, ...options }: TailCommandOptions & ConfigFlag & FieldsFlag) => {
      const settings = await settingsFor(config, options.format, io, logFormatNames, fields)
      const { tailCommand } = await import('./commands/tail.ts')
      finish(await tailCommand(source, withStore(options, settings, undefined, ['documents']), io, settings))
    })

  configOptions(command('explain'))
    .description(
      'Of what format a file or line is, by what it is known, and which formats nearly fitted; of one record, where each field goes in its document.',
    )
    .argument('<source>', 'a file, s3://bucket/key, - for standard input, or a line of a log in quotes')
    .addOption(format())
    .addOption(fields('of vpc-flow, or of --format: fields of files'))
    .addOption(documents())
    .option(
      '--record <n>',
      'which record, from 0, as errors count them; default 0',
      wholeNumber(0, Number.MAX_SAFE_INTEGER),
    )
    .addOption(json('one JSON object on standard output, its values whole'))
    .addHelpText(
      'after',
      `
Exit codes: 0 the record is read, 1 failed, or no format reads it, 2 wrong usage, 3 the record is malformed.

Examples:
  flowferry explain flow.log.gz
  flowferry explain s3://logs/AWSLogs/…json.gz --record 17
  flowferry explain '5 10.0.0.1 10.0.0.2 REJECT' --format vpc-flow --fields 'version srcaddr dstaddr action'`,
    )
    .action(async (source: string, { config, fields, ...options }: ExplainOptions & ConfigFlag & FieldsFlag) => {
      const settings = await settingsFor(config, options.format, io, formatNames, fields)
      const { explainCommand } = await import('./commands/explain.ts')
      finish(await explainCommand(source, withStore(options, settings, undefined, ['documents']), io, settings))
    })

  globOptions(
    storeOptions(
      configOptions(command('ingest'))
        .description('Files, folders (at any depth) and S3 prefixes into a store. Repeating it stores nothing twice.')
        .argument('<source...>', 'files, folders, s3://bucket/prefix')
        .option('--to <store>', 'elasticsearch, opensearch or duckdb:FILE; default: the store of the config')
        .addOption(format())
        .addOption(fields('of vpc-flow, or of --format: fields of files')),
    ),
    'files',
  )
    .addOption(limit('files; default: all'))
    .addOption(dryRun('only tell what it would do: the files are read, and nothing is written'))
    .addOption(json())
    .option(
      '--dead-records <prefix>',
      's3://bucket/prefix/ for rejected documents and malformed records; default: none',
    )
    .addOption(new Option('--log <format>', 'a line on standard error for each file, as it is done').choices(['json']))
    .addHelpText(
      'after',
      `
${credentials}

Exit codes: 0 all well, 1 something failed, 2 wrong usage, 3 some records are malformed.

Examples:
  flowferry ingest logs/ --to duckdb:logs.db
  flowferry ingest logs/ --dry-run --exclude '*.tmp'
  flowferry ingest s3://my-logs/AWSLogs/123456789012/vpcflowlogs/ --to elasticsearch --setup`,
    )
    .action(
      async (sources: string[], { config, fields, ...options }: IngestCommandOptions & ConfigFlag & FieldsFlag) => {
        const settings = await settingsFor(config, options.format, io, formatNames, fields)
        const { ingestCommand } = await import('./commands/ingest.ts')
        finish(await ingestCommand(sources, withStore(options, settings, 'to', storeNames), io, settings))
      },
    )

  globOptions(
    storeOptions(
      configOptions(command('backfill'))
        .description('The records of a time span, from the archive on S3 into a store, or to your own Lambda fleet.')
        .argument('<source>', 's3://bucket or s3://bucket/prefix; the layout below is found out')
        .requiredOption(
          '--since <time>',
          'first record: 2026-11-01, 2026-11-01T10:00Z (UTC), or -7d, -36h, -90m before now',
        )
        .option('--until <time>', 'first record that is too late; default: now')
        .addOption(formats('logs to bring back; default: all that are found'))
        .addOption(fields('of vpc-flow, or of --format: fields of files'))
        .option('--account <id...>', 'accounts; default: all that are found')
        .option('--region <name...>', 'regions; default: all that are found')
        .option(
          '--late <duration>',
          'how late a record may have come: 90m, 6h, 2d; default: 1h or 2h, as the format has it',
        )
        .option(
          '--to <store>',
          'into a store: elasticsearch, opensearch or duckdb:FILE; default: the store of the config',
        ),
    ),
    'objects',
  )
    .addOption(limit('objects; with --checkpoint, those behind the former run; default: all'))
    .option('--enqueue <url>', 'or as S3 events to this queue, whose consumers do the work')
    .option('--records-per-message <n>', 'objects in a message, 1 to 100; default 1', wholeNumber(1, 100))
    .option('--rate <n>', 'messages a second at most, 0.1 to 10,000; default: no limit', numberFrom(0.1, 10_000))
    .option('--manifest <file>', 'or as a manifest for S3 Batch Operations: a file, or s3://bucket/key')
    .option('--checkpoint <file>', 'keep in a file how far it is, and go on from it')
    .option('--failures <file>', 'append the objects that failed, as JSON lines')
    .option('--dlq <url>', 'send the objects that failed to a queue, for redrive')
    .addOption(dryRun('only tell what it would do: objects, bytes, documents, cost'))
    .addOption(json())
    .addHelpText(
      'after',
      `
${credentials}
It needs s3:ListBucket and s3:GetObject, or sqs:SendMessage.

Exit codes: 0 all well, 1 something failed, 2 wrong usage, 3 some records are malformed.

Examples:
  flowferry backfill s3://my-logs --since 2026-11-01 --until 2026-11-08 --dry-run
  flowferry backfill s3://my-logs --since -7d --format vpc-flow --to elasticsearch --checkpoint week.json
  flowferry backfill s3://my-logs --since -7d --enqueue https://sqs.eu-central-1.amazonaws.com/123456789012/logs`,
    )
    .action(
      async (source: string, { config, fields, ...options }: BackfillCommandOptions & ConfigFlag & FieldsFlag) => {
        const settings = await settingsFor(config, options.format, io, logFormatNames, fields)
        const isStore = options.enqueue === undefined && options.manifest === undefined
        if (!isStore && fields !== undefined)
          throw new UsageError(
            '--fields does not go with --enqueue or --manifest: what reads those objects states them',
          )
        const { backfillCommand } = await import('./commands/backfill.ts')
        const all = isStore ? withStore(options, settings, 'to', storeNames) : options
        finish(await backfillCommand(source, all, io, settings))
      },
    )

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
        const settings = withFields(await loadSettings(config, io), fields)
        const { whyCommand } = await import('./commands/why.ts')
        finish(await whyCommand(a, b, withFrom(options, settings), io, settings))
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
        const settings = withFields(await loadSettings(config, io), fields)
        const { askCommand } = await import('./commands/ask.ts')
        finish(await askCommand(question, options, io, settings))
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
      const settings = await loadSettings(config, io)
      const { alertsCommand } = await import('./commands/alerts.ts')
      finish(await alertsCommand(names, options, io, settings))
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
      const { mcpCommand } = await import('./commands/mcp.ts')
      finish(await mcpCommand(options, io, version, () => loadSettings(config, io)))
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
      const settings = await loadSettings(config, io)
      const { serveCommand } = await import('./commands/serve.ts')
      finish(await serveCommand(options, io, settings))
    })

  command('snapshot')
    .description(
      "An account's network interfaces, and what names them, into a file, by which why and parsers know names.",
    )
    .option('--region <name...>', "regions; default: the environment's")
    .option(
      '--out <file>',
      'the file; parts of other regions and accounts stay in it; default: flowferry.snapshot.json',
    )
    .addOption(dryRun('only tell what it would do: AWS is asked, and nothing is written'))
    .addOption(json())
    .addHelpText(
      'after',
      `
It needs ec2:DescribeNetworkInterfaces, ec2:DescribeInstances, ec2:DescribeSubnets, ec2:DescribeNetworkAcls and
ec2:DescribeRouteTables. Credentials come from the environment: AWS_PROFILE, AWS_REGION, … as for the AWS CLI.

Exit codes: 0 all well, 1 failed, 2 wrong usage.

Examples:
  flowferry snapshot --region eu-central-1 us-east-1
  AWS_PROFILE=production flowferry snapshot --out production.json`,
    )
    .action(async (options: SnapshotCommandOptions) => {
      const { snapshotCommand } = await import('./commands/snapshot.ts')
      finish(await snapshotCommand(options, io))
    })

  command('verify')
    .description(
      'Whether an archive of CloudTrail is what CloudTrail delivered, by its digests: what is missing, changed, inserted, not signed. It only reads.',
    )
    .argument('<source>', 's3://bucket, s3://bucket/prefix, or a folder that mirrors the bucket')
    .requiredOption('--since <time>', 'files delivered from here on, as for backfill')
    .option('--until <time>', 'files delivered before this; default: now')
    .requiredOption(
      '--public-keys <file...>',
      'what aws cloudtrail list-public-keys printed, for each region of a trail; or aws, to ask CloudTrail for them',
    )
    .option('--account <id...>', 'accounts; default: all that are found')
    .option('--region <name...>', 'regions; default: all that are found')
    .option(
      '--copy-of <bucket>',
      'the bucket that CloudTrail delivered to, where this is a copy; default: this one, and for a folder any',
    )
    .option('--state <file>', 'keep in a file how far it is, and go on from it')
    .option('--concurrency <n>', 'log files read at the same time, 1 to 64; default 8', wholeNumber(1, 64))
    .addOption(json('a JSON object a line on standard output: each finding, then the report'))
    .addHelpText(
      'after',
      `
It needs s3:ListBucket and s3:GetObject, and cloudtrail:ListPublicKeys for --public-keys aws. What is told of what, and
what a copy on disk needs: docs/verify.md.

Exit codes: 0 as it was delivered, 1 failed, 2 wrong usage, 4 changed, 5 not changed as far as is known, and not all proven.

Examples:
  flowferry verify s3://my-trails --since -7d --public-keys aws
  aws cloudtrail list-public-keys --start-time 2026-11-01 --end-time 2026-12-01 > keys.json
  flowferry verify s3://my-trails --since 2026-11-01 --until 2026-12-01 --public-keys keys.json --state november.json`,
    )
    .action(async (source: string, options: VerifyCommandOptions) => {
      const { verifyCommand } = await import('./commands/verify.ts')
      finish(await verifyCommand(source, options, io))
    })

  clusterOptions(configOptions(command('doctor')))
    .description(
      'What stands between you and production: credentials, bucket, queue, notification, dead letters, store, clock, and what a flow log lacks for why. It only reads.',
    )
    .option('--bucket <bucket>', 'where logs are delivered: a name, s3://bucket or s3://bucket/prefix')
    .option('--queue <url>', 'URL of the queue that a consumer reads')
    .option('--function-timeout <duration>', 'of the Lambda function behind the queue: 120s, 5m')
    .option('--to <store>', 'elasticsearch, opensearch or duckdb:FILE; default: the store of the config')
    .addOption(formats('logs to look at; default: those that the bucket holds, else all'))
    .option('--index <name>', 'the index that has everything; default: data streams')
    .addOption(indexPer())
    .addOption(documents())
    .addOption(json())
    .addHelpText(
      'after',
      `
${credentials}
What is not named is not checked, and it says so. A request ends after 10 s without an answer. What each check looks at, and needs: docs/doctor.md.

Exit codes: 0 no fault, 1 failed, 2 wrong usage, 4 a fault, 5 something could not be told.

Examples:
  flowferry doctor
  flowferry doctor --bucket my-logs --to elasticsearch --url https://es.example:9200
  flowferry doctor --bucket s3://my-logs/network --function-timeout 120s --json \\
    --queue https://sqs.eu-central-1.amazonaws.com/123456789012/logs | jq '.checks[] | select(.status == "fault")'`,
    )
    .action(async ({ config, ...options }: DoctorCommandOptions & ConfigFlag) => {
      const { doctorCommand } = await import('./commands/doctor.ts')
      finish(await doctorCommand(options, io, config))
    })

  globOptions(configOptions(command('cost')), 'objects')
    .description(
      'What a month of logs costs: to have them on S3, to index them, and in CloudWatch Logs or Athena instead.',
    )
    .argument('[source]', 's3://bucket or s3://bucket/prefix, which is listed and sampled; without, figures are stated')
    .option(
      '--since <time>',
      'first record, as for backfill; of a large bucket one day is enough: it is taken for a month',
    )
    .option('--until <time>', 'first record that is too late; default: now')
    .addOption(formats('logs to look at; default: all that are found'))
    .option('--account <id...>', 'accounts; default: all that are found')
    .option('--region <name...>', 'regions whose logs are looked at; default: all that are found')
    .option('--late <duration>', 'how late a record may have come, as for backfill')
    .option('--sample <n>', 'files read of each folder, 1 to 1000; default 20', wholeNumber(1, 1000))
    .option('--files <n>', 'stated: files a month', wholeNumber(1, Number.MAX_SAFE_INTEGER))
    .option('--gb <n>', 'stated: GB a month (10^9 bytes) as they lie on S3', numberFrom(1e-9, 1e9))
    .option('--expanded-gb <n>', 'stated: GB a month (10^9 bytes), decompressed', numberFrom(1e-9, 1e9))
    .option('--records <n>', 'stated: records a month', wholeNumber(1, Number.MAX_SAFE_INTEGER))
    .addOption(
      new Option('--store <name>', 'whose disk is counted; default: elasticsearch').choices([
        'elasticsearch',
        'opensearch',
      ]),
    )
    .option('--replicas <n>', 'copies of each shard; default 1', wholeNumber(0, 1024))
    .option(
      '--disk-bytes <n>',
      'bytes of a document on disk, without copies; default: as measured',
      numberFrom(0.1, 1e9),
    )
    .option('--cpu-seconds <n>', 'CPU seconds for a million records; default: as measured', numberFrom(0.001, 1e6))
    .option('--memory <n>', 'MB of the Lambda function, 128 to 10240; default 1024', wholeNumber(128, 10_240))
    .addOption(
      new Option('--architecture <name>', 'of the Lambda function; default: arm64').choices(['arm64', 'x86_64']),
    )
    .option('--batch-size <n>', 'messages an invocation gets, 1 to 10000; default 10', wholeNumber(1, 10_000))
    .option('--wait <ms>', 'an invocation waits so long for S3 and the store; default 200', numberFrom(0, 900_000))
    .option('--months <n>', 'how long S3 and CloudWatch Logs keep them; default 1', numberFrom(0, 1200))
    .option('--queries <n>', 'queries of Athena a month; default 100', wholeNumber(0, Number.MAX_SAFE_INTEGER))
    .option('--scanned <percent>', 'of the month that a query reads; default 10', numberFrom(0, 100))
    .option('--prices <file>', 'prices of another region or day, JSON; default: those of us-east-1 in this version')
    .addOption(json())
    .addHelpText(
      'after',
      `
It needs s3:ListBucket and s3:GetObject. What each line means, and what is left out: docs/cost.md.

Exit codes: 0 all well, 1 failed, 2 wrong usage.

Examples:
  flowferry cost s3://my-logs --since 2026-11-01 --until 2026-12-01
  flowferry cost s3://my-logs --since -1d --format vpc-flow --store opensearch --prices frankfurt.json
  flowferry cost --format cloudtrail --files 90000 --gb 40`,
    )
    .action(async (source: string | undefined, { config, ...options }: CostCommandOptions & ConfigFlag) => {
      const settings = await settingsFor(config, options.format, io, logFormatNames)
      const { costCommand } = await import('./commands/cost.ts')
      finish(await costCommand(source, options, io, settings))
    })

  clusterOptions(configOptions(command('setup')))
    .description(
      'Installs index templates and lifecycle policies. Say it once before the first document; what a later run leaves out stays as it is.',
    )
    .option('--to <store>', 'elasticsearch or opensearch; default: the store of the config')
    .addOption(formats('templates of these alone; default: all'))
    .addOption(indexPer())
    .addOption(documents())
    .option('--dead-records', 'the template of dead records in an index, too')
    .option('--full-text', "search CloudTrail's free-form texts by their words, too, as request_parameters.text")
    .option('--no-full-text', 'of new indices no more')
    .option('--retention <time>', 'delete indices after: 30d, 36h; default: nothing is deleted')
    .option('--no-retention', 'delete nothing any more')
    .option(
      '--rollover',
      'roll data streams over by a policy, on Elasticsearch of ILM; the conditions below alone do it, too',
    )
    .option('--max-age <time>', 'roll over after: 7d, 12h; default 30d')
    .option('--max-primary-shard-size <size>', 'roll over at this size of the largest shard; default 50gb')
    .option('--max-docs <n>', 'roll over at so many documents; default 200000000', wholeNumber(1, 2_000_000_000))
    .addOption(
      new Option(
        '--codec <name>',
        'default (LZ4), or on OpenSearch zstd, zstd_no_dict; default: best_compression',
      ).choices(['default', 'best_compression', 'zstd', 'zstd_no_dict']),
    )
    .option('--refresh-interval <time>', 'documents can be found after: 1s, 5m, -1 for never; default 30s')
    .option('--number-of-shards <n>', "primary shards of an index; default: the engine's, 1", wholeNumber(1, 1024))
    .option('--number-of-replicas <n>', "copies of each shard; default: the engine's, 1", wholeNumber(0, 1024))
    .addOption(
      new Option('--mode <name>', 'index mode of Elasticsearch; default: standard').choices(['standard', 'logsdb']),
    )
    .option('--sort <field...>', 'sort segments by: source.ip @timestamp:desc; default: none')
    .option('--total-fields-limit <n>', 'fields of an index; default 2000', wholeNumber(1, 1_000_000))
    .addOption(dryRun())
    .addOption(json())
    .option(
      '--dashboards <where>',
      'instead of templates: dashboards as saved objects, into a file, or into Kibana or OpenSearch Dashboards at https://…',
    )
    .option(
      '--index <name>',
      'of --dashboards: the index that has everything; default: the data streams or dated indices',
    )
    .option('--own <block...>', 'of --dashboards: blocks of your own addresses: 10.0.0.0/8; default: private addresses')
    .addHelpText(
      'after',
      `
${credentials}

Exit codes: 0 all well, 1 failed, 2 wrong usage.

What each setting saves and costs: docs/store-settings.md.

Examples:
  flowferry setup --to elasticsearch --url https://es.example:9200 --retention 90d
  flowferry setup --to opensearch --index-per month --retention 365d --dry-run
  flowferry setup --dashboards flowferry.ndjson
  flowferry setup --to elasticsearch --dashboards https://kibana.example:5601/s/network`,
    )
    .action(async ({ config, ...options }: SetupCommandOptions & ConfigFlag) => {
      const settings = await settingsFor(config, options.format, io, logFormatNames)
      const { setupCommand } = await import('./commands/setup.ts')
      finish(await setupCommand(withStore(options, settings, 'to', setupNames), io, settings))
    })

  const dlqUrl = 'https://sqs.eu-central-1.amazonaws.com/123456789012/logs-dlq'
  const dlq = program
    .command('dlq')
    .description('What a dead-letter queue holds, and why. Every message is visible again afterwards.')
    .addHelpText('after', `\nExample:\n  flowferry dlq group ${dlqUrl}`)
  const dlqExits = 'Exit codes: 0 all well, 1 something failed, 2 wrong usage.'
  const dlqCommand = (name: string, summary: string) =>
    dlq
      .command(name)
      .description(summary)
      .argument('<url>', 'URL of the dead-letter queue')
      .addOption(quiet())
      .addOption(limit('messages; default: all'))
  dlqCommand('group', 'Messages counted by cause, bucket, prefix or account, with the oldest and an example.')
    .addOption(
      new Option('--by <key>', 'what to group by; default: cause').choices(['cause', 'bucket', 'prefix', 'account']),
    )
    .addOption(json())
    .addHelpText('after', `\n${dlqExits}\n\nExample:\n  flowferry dlq group --by prefix ${dlqUrl}`)
    .action(async (url: string, options: DlqOptions) => {
      const { dlqGroup } = await import('./commands/dlq.ts')
      finish(await dlqGroup(url, options, io))
    })
  dlqCommand('list', 'Each message, a line.')
    .addOption(json('a JSON object a line on standard output, with the body'))
    .addHelpText('after', `\n${dlqExits}\n\nExample:\n  flowferry dlq list --json ${dlqUrl} | jq .cause.message`)
    .action(async (url: string, options: DlqOptions) => {
      const { dlqList } = await import('./commands/dlq.ts')
      finish(await dlqList(url, options, io))
    })

  globOptions(command('redrive'), 'those that name an object')
    .description('Messages of a dead-letter queue back to their queue, each sent before it is deleted.')
    .requiredOption('--dlq <url>', 'URL of the dead-letter queue')
    .requiredOption('--to <url>', 'URL of the queue that they go back to')
    .addOption(dryRun('only tell what it would do: what is there and what would go, grouped by cause'))
    .addOption(json())
    .option('--cause <code...>', 'only those with this cause: OBJECT_FORBIDDEN, …, or UNKNOWN')
    .option('--bucket <name>', 'only those that name an object of this bucket')
    .option('--prefix <prefix>', 'only those that name an object whose key begins so')
    .option('--older-than <time>', 'only those sent longer ago: 30m, 12h, 7d')
    .option('--newer-than <time>', 'only those sent since: 30m, 12h, 7d')
    .addOption(limit('messages sent; default: all'))
    .option('--rate <n>', 'messages a second at most, 0.1 to 10,000; default: no limit', numberFrom(0.1, 10_000))
    .addHelpText(
      'after',
      `
Exit codes: 0 all well, 1 something failed, 2 wrong usage.

Example:
  flowferry redrive --dry-run --cause OBJECT_FORBIDDEN --newer-than 2d \\
    --dlq https://sqs.eu-central-1.amazonaws.com/123456789012/logs-dlq \\
    --to https://sqs.eu-central-1.amazonaws.com/123456789012/logs`,
    )
    .action(async (options: RedriveCommandOptions) => {
      const { redriveCommand } = await import('./commands/redrive.ts')
      finish(await redriveCommand(options, io))
    })

  command('completion')
    .description('A script that completes commands, options and formats in a shell.')
    .addArgument(new Argument('<shell>', 'bash, zsh or fish').choices(shells))
    .addHelpText(
      'after',
      `
Exit codes: 0 all well, 1 failed, 2 wrong usage.

Examples:
  source <(flowferry completion bash)
  flowferry completion fish > ~/.config/fish/completions/flowferry.fish`,
    )
    .action(async (shell: Shell) => {
      const { completionCommand } = await import('./commands/completion.ts')
      await completionCommand(shell, program, io)
    })
  return program

  function command(name: string): Command {
    return program.command(name).addOption(quiet())
  }

  function quiet(): Option {
    return new Option('--quiet', 'neither notes nor progress on standard error; errors are told')
  }
}

function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (Number.isInteger(value) && value >= least && value <= most) return value
    throw new InvalidArgumentError(`It takes a whole number from ${least} to ${most}.`)
  }
}

function numberFrom(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (value >= least && value <= most) return value
    throw new InvalidArgumentError(`It takes a number from ${least} to ${most}.`)
  }
}

/** An error in words, and what caused it where the words do not say: an empty message of the SDK for a dead host. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { name } = error
  const message = FlowferryError.isInstance(error) ? wordsOf(error) : error.message
  // OpenSSL's messages end their own line.
  if (message !== '') return message.replace(/\s*\n\s*/g, ' ')
  const inner = error instanceof AggregateError ? error.errors.map(messageOf).join('; ') : ''
  return inner === '' ? name : inner
}
