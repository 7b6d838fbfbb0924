import { Option } from 'commander'
import type { BackfillCommandOptions } from '../commands/backfill.ts'
import type { IngestCommandOptions } from '../commands/ingest.ts'
import { withStore } from '../config/settings.ts'
import { formatNames, logFormatNames } from '../formats.ts'
import { UsageError } from '../io.ts'
import {
  type ConfigFlag,
  configOptions,
  credentials,
  dryRun,
  type FieldsFlag,
  fields,
  format,
  formats,
  globOptions,
  json,
  limit,
  numberFrom,
  type Surroundings,
  settingsFor,
  storeNames,
  storeOptions,
  wholeNumber,
} from './options.ts'

/** What brings files into a store, or to those who do: `ingest`, `backfill`. */
export function carryCommands(around: Surroundings): void {
  const { command, finish } = around

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
        const settings = await settingsFor(config, options.format, around.io, formatNames, fields)
        const { ingestCommand } = await import('../commands/ingest.ts')
        finish(await ingestCommand(sources, withStore(options, settings, 'to', storeNames), around.io, settings))
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
        const settings = await settingsFor(config, options.format, around.io, logFormatNames, fields)
        const isStore = options.enqueue === undefined && options.manifest === undefined
        if (!isStore && fields !== undefined)
          throw new UsageError(
            '--fields does not go with --enqueue or --manifest: what reads those objects states them',
          )
        const { backfillCommand } = await import('../commands/backfill.ts')
        const all = isStore ? withStore(options, settings, 'to', storeNames) : options
        finish(await backfillCommand(source, all, around.io, settings))
      },
    )
}
