import type { ExplainOptions } from '../commands/explain.ts'
import type { ParseOptions } from '../commands/parse.ts'
import type { TailCommandOptions } from '../commands/tail.ts'
import { withStore } from '../config/settings.ts'
import { formatNames, logFormatNames } from '../formats.ts'
import {
  type ConfigFlag,
  configOptions,
  documents,
  type FieldsFlag,
  fields,
  format,
  formats,
  json,
  limit,
  type Surroundings,
  settingsFor,
  wholeNumber,
} from './options.ts'

/** What shows files: `parse`, `tail`, `explain`. */
export function readCommands(around: Surroundings): void {
  const { command, finish } = around

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
      const settings = await settingsFor(config, options.format, around.io, formatNames, fields)
      const { parse } = await import('../commands/parse.ts')
      finish(await parse(source, withStore(options, settings, undefined, ['documents']), around.io, settings))
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
      const settings = await settingsFor(config, options.format, around.io, logFormatNames, fields)
      const { tailCommand } = await import('../commands/tail.ts')
      finish(await tailCommand(source, withStore(options, settings, undefined, ['documents']), around.io, settings))
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
      const settings = await settingsFor(config, options.format, around.io, formatNames, fields)
      const { explainCommand } = await import('../commands/explain.ts')
      finish(await explainCommand(source, withStore(options, settings, undefined, ['documents']), around.io, settings))
    })
}
