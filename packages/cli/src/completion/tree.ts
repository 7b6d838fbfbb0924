import type { Command, Option } from 'commander'

/** What may stand behind `flowferry`, or behind a command of it. */
export interface Place {
  /** Words before it: none at the top, `['dlq', 'group']`. */
  readonly path: readonly string[]
  readonly about: string
  readonly commands: readonly { readonly name: string; readonly about: string }[]
  readonly options: readonly {
    /** `--format`, or what is short for it, too. */
    readonly flags: readonly string[]
    readonly about: string
    readonly takesValue: boolean
    /** None: a file, or what nobody can guess. */
    readonly values: readonly string[]
  }[]
  /** Of its arguments. */
  readonly values: readonly string[]
}

/** Names that the tree of commands does not hold. */
export interface Names {
  /** Of an option, by what its value is called: `name` of `--format <name...>`. Undefined: the option's own choices, or none. */
  readonly ofOption: (option: Option) => readonly string[] | undefined
  readonly ofArguments: (path: readonly string[]) => readonly string[]
}

/** Every place of a program where something can be completed, the top first. */
export function placesOf(program: Command, names: Names, path: readonly string[] = []): Place[] {
  const help = program.createHelp()
  const commands = help.visibleCommands(program)
  const place: Place = {
    path,
    about: aboutOf(program.description()),
    commands: commands.map((one) => ({ name: one.name(), about: aboutOf(one.description()) })),
    options: help.visibleOptions(program).map((option) => ({
      flags: [option.long, option.short].flatMap((flag) => flag ?? []),
      about: aboutOf(option.description),
      takesValue: option.required || option.optional,
      values: option.argChoices ?? names.ofOption(option) ?? [],
    })),
    values: names.ofArguments(path),
  }
  const below = commands
    .filter((one) => one.name() !== 'help')
    .flatMap((one) => placesOf(one, names, [...path, one.name()]))
  return [place, ...below]
}

/** The first clause: a menu has one line for each. */
const aboutOf = (description: string): string => description.split(/[.:;] |[.:;]$/, 1)[0]!.replace(/\s+/g, ' ')
