import type { Command } from 'commander'
import { bashScript, zshScript } from '../completion/bash.ts'
import { fishScript } from '../completion/fish.ts'
import { type Names, placesOf } from '../completion/tree.ts'
import { formatNames } from '../formats.ts'
import type { Io } from '../io.ts'

const scripts = { bash: bashScript, zsh: zshScript, fish: fishScript }
export type Shell = keyof typeof scripts

/** `flowferry completion`: a script for a shell, made of the program's own commands, options and names. */
export async function completionCommand(shell: Shell, program: Command, io: Io): Promise<void> {
  const { dailyQuestions } = await import('@flowferry/answers')
  const { alerts } = await import('@flowferry/answers/alerts')
  const ofArguments: Record<string, readonly string[]> = {
    ask: dailyQuestions.map(({ name }) => name),
    alerts: alerts.map(({ name }) => name),
    completion: Object.keys(scripts),
  }
  const names: Names = {
    ofOption: ({ long, flags }) => {
      if (long === '--format') return formatNames()
      return flags.endsWith('<store>') ? ['elasticsearch', 'opensearch'] : undefined
    },
    ofArguments: (path) => ofArguments[path.join(' ')] ?? [],
  }
  io.stdout.write(scripts[shell](program.name(), placesOf(program, names)))
}
