import { Option } from 'commander'
import type { CostCommandOptions } from '../commands/cost.ts'
import type { DoctorCommandOptions } from '../commands/doctor.ts'
import type { SetupCommandOptions } from '../commands/setup.ts'
import type { SnapshotCommandOptions } from '../commands/snapshot.ts'
import type { VerifyCommandOptions } from '../commands/verify.ts'
import { withStore } from '../config/settings.ts'
import { logFormatNames } from '../formats.ts'
import {
  type ConfigFlag,
  clusterOptions,
  configOptions,
  credentials,
  documents,
  dryRun,
  formats,
  globOptions,
  indexPer,
  json,
  numberFrom,
  type Surroundings,
  settingsFor,
  setupNames,
  wholeNumber,
} from './options.ts'

/** What stands around them: `snapshot`, `verify`, `doctor`, `cost`, `setup`. */
export function operateCommands(around: Surroundings): void {
  const { command, finish } = around

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
      const { snapshotCommand } = await import('../commands/snapshot.ts')
      finish(await snapshotCommand(options, around.io))
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
      const { verifyCommand } = await import('../commands/verify.ts')
      finish(await verifyCommand(source, options, around.io))
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
      const { doctorCommand } = await import('../commands/doctor.ts')
      finish(await doctorCommand(options, around.io, config))
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
      const settings = await settingsFor(config, options.format, around.io, logFormatNames)
      const { costCommand } = await import('../commands/cost.ts')
      finish(await costCommand(source, options, around.io, settings))
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
      const settings = await settingsFor(config, options.format, around.io, logFormatNames)
      const { setupCommand } = await import('../commands/setup.ts')
      finish(await setupCommand(withStore(options, settings, 'to', setupNames), around.io, settings))
    })
}
