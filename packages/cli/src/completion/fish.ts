import type { Place } from './tree.ts'

/** A script that completes words in fish, with what each means. */
export function fishScript(program: string, places: readonly Place[]): string {
  const lines = places.flatMap((place) => {
    const { path, commands, options, values } = place
    const isThere = path.map((word) => `__fish_seen_subcommand_from ${word}`)
    const isFirst =
      commands.length === 0 ? [] : [`not __fish_seen_subcommand_from ${commands.map(({ name }) => name).join(' ')}`]
    const here = [...isThere, ...isFirst]
    const when = here.length > 0 ? ` -n ${quoted(here.join('; and '))}` : ''
    return [
      ...commands.map(({ name, about }) => `complete -c ${program} -f${when} -a ${name} -d ${quoted(about)}`),
      ...(values.length > 0 ? [`complete -c ${program} -f${when} -a ${quoted(values.join(' '))}`] : []),
      ...options.map(({ flags, about, takesValue, values: names }) => {
        const forms = flags.map((flag) => (flag.startsWith('--') ? ` -l ${flag.slice(2)}` : ` -s ${flag.slice(1)}`))
        const value = names.length > 0 ? ` -x -a ${quoted(names.join(' '))}` : takesValue ? ' -r' : ''
        return `complete -c ${program}${when}${forms.join('')}${value} -d ${quoted(about)}`
      }),
    ]
  })
  return [`# Completes ${program} in fish: ${program} completion fish | source`, ...lines, ''].join('\n')
}

const quoted = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
