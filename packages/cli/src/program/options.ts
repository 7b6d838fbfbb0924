/** Options that several commands have alike, and what their values come to. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { loadSettings } from '../config/load.ts'
import type { Settings } from '../config/settings.ts'
import { awsFormatNames, formatNames, requireNames, unenriched } from '../formats.ts'
import { type ExitCode, type Io, note, UsageError } from '../io.ts'

/** What commands are declared with. */
export interface Surroundings {
  readonly version: string
  /** What the command has of a process, once it runs: `--quiet` is heeded. */
  readonly io: Io
  readonly finish: (code: ExitCode) => void
  readonly program: Command
  /** A command of the program, with the options that all have. */
  readonly command: (name: string) => Command
}

export const credentials = `Credentials come from the environment only:
  ELASTICSEARCH_API_KEY (as it is created, or id:key), or ELASTICSEARCH_USERNAME and ELASTICSEARCH_PASSWORD
  OPENSEARCH_USERNAME and OPENSEARCH_PASSWORD, or with --auth sigv4 those of AWS
  ELASTICSEARCH_CA_FILE, OPENSEARCH_CA_FILE: certificate authority of a cluster that signed its own certificate
  AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL, … as for the AWS CLI`

export interface ConfigFlag {
  /** `--config FILE`, or false of `--no-config`. */
  readonly config?: string | boolean
}

export interface FieldsFlag {
  /** `--fields NAMES`, of the one `--format`. */
  readonly fields?: string
}

/** What the config may say of a store, beside which it is. */
export const storeNames = ['url', 'cloudId', 'auth', 'index', 'indexPer', 'documents', 'op', 'gzip'] as const
/** … for templates. */
export const setupNames = ['url', 'cloudId', 'auth', 'index', 'indexPer', 'documents'] as const

/** The config, and whether the formats that are asked for are there, with or without it. */
export async function settingsFor(
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

export function withFields(
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

export const format = () =>
  new Option(
    '--format <name>',
    `how to read the files: ${formatNames().join(', ')}, or a format of the config; default: found out for each by its content`,
  )
export const fields = (what: string) =>
  new Option(
    '--fields <names>',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: as AWS writes the format of a flow log
    `${what} without a header, in order, as the flow log has them: ${'${srcaddr} ${dstaddr} …'}`,
  )
export const formats = (what: string) =>
  new Option('--format <name...>', `${what} (${awsFormatNames.join(', ')}, or formats of the config)`)
export const configOptions = (command: Command) =>
  command
    .option('--config <file>', 'the config; default: flowferry.config.ts, .mts, .js or .mjs, here or above')
    .option('--no-config', 'read no config')
/** Which cluster, and how it is signed in to. */
export const clusterOptions = (command: Command) =>
  command
    .option('--url <url>', 'address of the cluster; default: ELASTICSEARCH_URL or OPENSEARCH_URL')
    .option('--cloud-id <id>', 'or, of Elastic Cloud, its Cloud ID; default: ELASTIC_CLOUD_ID')
    .addOption(
      new Option(
        '--auth <how>',
        'sigv4 signs requests to OpenSearch, a domain of AWS or a search collection of Serverless, with credentials of AWS; default: those of the cluster',
      ).choices(['sigv4']),
    )
export const json = (what = 'one JSON object on standard output') => new Option('--json', what)
export const dryRun = (what = 'only tell what it would do') => new Option('--dry-run', what)
export const limit = (what: string) =>
  new Option('--limit <n>', `at most so many ${what}`).argParser(wholeNumber(1, Number.MAX_SAFE_INTEGER))
export const globOptions = (command: Command, what: string) =>
  command
    .option(
      '--include <glob...>',
      `only ${what} that one of these fits: *.log.gz, 'AWSLogs/*/vpcflowlogs/**', AWSLogs/123456789012/`,
    )
    .option('--exclude <glob...>', `without ${what} that one of these fits`)
export const snapshotOption = () =>
  new Option('--snapshot <file>', 'what flowferry snapshot wrote; default: flowferry.snapshot.json, where it is there')
export const indexPer = () =>
  new Option(
    '--index-per <span>',
    'an index for each day or month of the documents, where an id is stored once for ever; default: data streams',
  ).choices(['day', 'month'])
export const documents = () =>
  new Option(
    '--documents <form>',
    'full: each value under each of its names, also in _source; default: small, an index finds the others by aliases',
  ).choices(['small', 'full'])
/** What `ingest` and `backfill` say alike of the store, beside `--to`. */
export const storeOptions = (command: Command) =>
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
export const fromOptions = (command: Command) =>
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
export const archiveOptions = (command: Command) =>
  command
    .option('--account <id...>', 'of an archive: accounts; default: all that are found')
    .option('--region <name...>', 'of an archive: regions; default: all that are found')
    .option('--late <duration>', 'of an archive: how late a record may have come, as for backfill')
    .addOption(fields('of an archive: fields of its flow logs'))

export const quiet = () => new Option('--quiet', 'neither notes nor progress on standard error; errors are told')

export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (text.trim() !== '' && Number.isInteger(value) && value >= least && value <= most) return value
    throw new InvalidArgumentError(`It takes a whole number from ${least} to ${most}.`)
  }
}

export function numberFrom(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (text.trim() !== '' && value >= least && value <= most) return value
    throw new InvalidArgumentError(`It takes a number from ${least} to ${most}.`)
  }
}
