import { FlowferryError } from '@flowferry/core'
import { Argument, Command, CommanderError } from 'commander'
import type { Shell } from './commands/completion.ts'
import { hintsFor, wordsOf } from './hints.ts'
import { type ExitCode, exitCodes, type Io, line, UsageError } from './io.ts'
import { answerCommands } from './program/answers.ts'
import { carryCommands } from './program/carry.ts'
import { deadLetterCommands } from './program/dead-letters.ts'
import { operateCommands } from './program/operate.ts'
import { quiet, type Surroundings } from './program/options.ts'
import { readCommands } from './program/read.ts'

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

/** Whose completion is known. */
const shells: readonly Shell[] = ['bash', 'zsh', 'fish']

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
  const around: Surroundings = {
    version,
    program,
    finish,
    get io() {
      return io
    },
    command: (name) => program.command(name).addOption(quiet()),
  }
  readCommands(around)
  carryCommands(around)
  answerCommands(around)
  operateCommands(around)
  deadLetterCommands(around)
  around
    .command('completion')
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
