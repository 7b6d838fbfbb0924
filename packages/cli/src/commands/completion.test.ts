import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { dailyQuestions } from '@flowferry/answers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { formatNames } from '../formats.ts'
import { runHere } from '../test-io.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'flowferry-'))
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { code, stdout, stderr } = await runHere(['completion', shell])
    expect(code, stderr).toBe(0)
    await writeFile(join(folder, shell), stdout)
  }
  await writeFile(join(folder, 'flow.log'), '')
})
afterAll(() => rm(folder, { recursive: true }))

/** What bash would offer at the end of a line. */
function offered(line: string): string[] {
  // As readline splits it: `=` is a word of its own.
  const words = line.split(/(=)|\s+/).filter((word) => word !== undefined && (word !== '' || line.endsWith(' ')))
  if (line.endsWith(' ') && words.at(-1) !== '') words.push('')
  const script = [
    `source ${folder}/bash`,
    `COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')})`,
    `COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))`,
    '_flowferry',
    `printf "%s\\n" "\${COMPREPLY[@]}"`,
  ].join('\n')
  const { stdout, stderr, status } = spawnSync('bash', ['--norc', '-u', '-c', script], {
    encoding: 'utf8',
    cwd: folder,
  })
  expect(stderr).toBe('')
  expect(status).toBe(0)
  return stdout.split('\n').filter((word) => word !== '')
}

describe('flowferry completion bash', () => {
  it('offers commands, and those of a command', async () => {
    const { stdout } = await runHere(['--help'])
    const commands = [...stdout.slice(stdout.indexOf('Commands:')).matchAll(/^ {2}([a-z]\w*) /gm)].map(
      ([, name]) => name!,
    )
    expect(commands).toContain('completion')
    expect(offered('flowferry ')).toEqual(commands)
    expect(offered('flowferry in')).toEqual(['ingest'])
    expect(offered('flowferry dlq ')).toEqual(expect.arrayContaining(['group', 'list']))
    expect(offered('flowferry dlq group --b')).toEqual(['--by'])
  })

  it('offers options, what they take, and formats', () => {
    expect(offered('flowferry ingest logs/ --form')).toEqual(['--format'])
    expect(offered('flowferry ingest --format ')).toEqual([...formatNames()])
    expect(offered('flowferry parse x --format cloudt')).toEqual(['cloudtrail'])
    expect(offered('flowferry parse x --format=cloudt')).toEqual(['cloudtrail'])
    expect(offered('flowferry parse x --format=')).toEqual([...formatNames()])
    expect(offered('flowferry setup --mode ')).toEqual(['standard', 'logsdb'])
    expect(offered('flowferry ingest x --to ')).toEqual(['elasticsearch', 'opensearch'])
    expect(offered('flowferry redrive --to ')).toEqual([])
    expect(offered('flowferry ask --json un')).toEqual(
      dailyQuestions.map(({ name }) => name).filter((name) => name.startsWith('un')),
    )
    expect(offered('flowferry completion z')).toEqual(['zsh'])
  })

  it('leaves files to bash, also where an argument is called like a command', () => {
    expect(offered('flowferry parse ')).toEqual([])
    expect(offered('flowferry parse ingest --docu')).toEqual(['--documents'])
    expect(offered('flowferry ingest x --config ')).toEqual([])
  })
})

describe.each([
  ['zsh', ['-n']],
  ['fish', ['--no-execute']],
])('flowferry completion %s', (shell, args) => {
  const isThere = spawnSync(shell, ['--version']).status === 0
  it.skipIf(!isThere)('is a script of that shell', () => {
    expect(spawnSync(shell, [...args, join(folder, shell)], { encoding: 'utf8' })).toMatchObject({
      status: 0,
      stderr: '',
    })
  })
})

it('of fish has each option with what it means', async () => {
  const { stdout } = await runHere(['completion', 'fish'])
  expect(stdout).toContain("complete -c flowferry -f -n 'not __fish_seen_subcommand_from ")
  expect(stdout).toMatch(
    /complete -c flowferry -n '__fish_seen_subcommand_from dlq; and __fish_seen_subcommand_from group' -l by -x -a 'cause bucket prefix account' -d /,
  )
  const isWhole = (line: string) => (line.match(/(?<!\\)'/g) ?? []).length % 2 === 0
  expect(stdout.split('\n').filter((line) => !isWhole(line))).toEqual([])
})

it('takes no other shell', async () => {
  const { code, stderr } = await runHere(['completion', 'csh'])
  expect(code).toBe(2)
  expect(stderr).toContain('bash, zsh, fish')
})
