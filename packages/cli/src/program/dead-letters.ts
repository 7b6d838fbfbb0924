import { Option } from 'commander'
import type { DlqOptions } from '../commands/dlq.ts'
import type { RedriveCommandOptions } from '../commands/redrive.ts'
import { dryRun, globOptions, json, limit, numberFrom, quiet, type Surroundings } from './options.ts'

/** What could not be stored, and its way back: `dlq`, `redrive`. */
export function deadLetterCommands(around: Surroundings): void {
  const { command, finish, program } = around

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
      const { dlqGroup } = await import('../commands/dlq.ts')
      finish(await dlqGroup(url, options, around.io))
    })
  dlqCommand('list', 'Each message, a line.')
    .addOption(json('a JSON object a line on standard output, with the body'))
    .addHelpText('after', `\n${dlqExits}\n\nExample:\n  flowferry dlq list --json ${dlqUrl} | jq .cause.message`)
    .action(async (url: string, options: DlqOptions) => {
      const { dlqList } = await import('../commands/dlq.ts')
      finish(await dlqList(url, options, around.io))
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
      const { redriveCommand } = await import('../commands/redrive.ts')
      finish(await redriveCommand(options, around.io))
    })
}
