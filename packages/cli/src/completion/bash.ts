import type { Place } from './tree.ts'

/**
 * A script that completes words in bash: commands, options and their names; everything else as bash does it, by files.
 * Nothing is run when somebody presses Tab. Written for bash 3.2, which macOS has, and for what zsh makes of it.
 */
export function bashScript(program: string, places: readonly Place[]): string {
  const name = `_${program}`
  const key = ({ path }: Place) => path.map((word) => ` ${word}`).join('')
  const ofOptions = places.flatMap((place) =>
    place.options
      .filter(({ takesValue }) => takesValue)
      .map(({ flags, values }) => ({ keys: flags.map((flag) => `${key(place)} ${flag}`), values })),
  )
  return [
    `# Completes ${program} in bash: source <(${program} completion bash)`,
    `${name}() {`,
    `  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD - 1]}" place="" words="" i`,
    '  COMPREPLY=()',
    // bash takes the `=` of --format=name for a word.
    '  if [[ $word == "=" ]]; then word=""',
    `  elif [[ $before == "=" ]]; then before="\${COMP_WORDS[COMP_CWORD - 2]}"; fi`,
    '  for ((i = 1; i < COMP_CWORD; i++)); do',
    `    case "$place \${COMP_WORDS[i]}" in`,
    `      ${patterns(places.filter(({ path }) => path.length > 0).map(key))}) place="$place \${COMP_WORDS[i]}" ;;`,
    '    esac',
    '  done',
    '  case "$place $before" in',
    ...ofOptions
      .filter(({ values }) => values.length > 0)
      .map(({ keys, values }) => `    ${patterns(keys)}) words=${quoted(values)} ;;`),
    `    ${patterns(ofOptions.filter(({ values }) => values.length === 0).flatMap(({ keys }) => keys))}) return ;;`,
    '    *)',
    '      case "$place" in',
    ...places.flatMap((place) => [
      `        ${quoted([key(place)])})`,
      `          words=${quoted([...place.commands.map((one) => one.name), ...place.values])}`,
      `          if [[ $word == -* ]]; then words=${quoted(place.options.flatMap(({ flags }) => flags))}; fi ;;`,
    ]),
    '      esac ;;',
    '  esac',
    "  local IFS=$' \\t\\n'",
    '  COMPREPLY=($(compgen -W "$words" -- "$word"))',
    '}',
    `complete -o bashdefault -o default -F ${name} ${program}`,
    '',
  ].join('\n')
}

/** The same in zsh, which has what bash calls completion. */
export const zshScript = (program: string, places: readonly Place[]): string =>
  [
    `# Completes ${program} in zsh: source <(${program} completion zsh)`,
    'autoload -U +X compinit && compinit',
    'autoload -U +X bashcompinit && bashcompinit',
    bashScript(program, places).split('\n').slice(1).join('\n'),
  ].join('\n')

const patterns = (keys: readonly string[]) => keys.map((key) => quoted([key])).join('|')
const quoted = (words: readonly string[]) => `'${words.join(' ').replaceAll("'", `'\\''`)}'`
