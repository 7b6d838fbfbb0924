import { describe, expect, it } from 'vitest'
import { matcherOf } from './globs.ts'

const keys = [
  'AWSLogs/123456789012/vpcflowlogs/eu-central-1/2026/11/22/a.log.gz',
  'AWSLogs/123456789012/CloudTrail/eu-central-1/2026/11/22/b.json.gz',
  'AWSLogs/210987654321/vpcflowlogs/us-east-1/2026/11/23/c.log.gz',
  'notes.txt',
  '.hidden/d.log.gz',
  '!odd (1) [x]/e+f.log.gz',
]
const meant = (globs: Parameters<typeof matcherOf>[0]) => keys.filter(matcherOf(globs)).map((key) => keys.indexOf(key))

describe('matcherOf', () => {
  it.each([
    ['nothing said', {}, [0, 1, 2, 3, 4, 5]],
    ['a name at any depth', { include: ['*.log.gz'] }, [0, 2, 4, 5]],
    ['a name at the top', { include: ['notes.txt'] }, [3]],
    ['all below a folder', { include: ['AWSLogs/123456789012/'] }, [0, 1]],
    ['a star that stops at a slash', { include: ['AWSLogs/*/vpcflowlogs/**'] }, [0, 2]],
    ['a whole key', { include: ['AWSLogs/*/a.log.gz'] }, []],
    ['folders at any depth', { include: ['**/2026/11/22/*'] }, [0, 1]],
    ['a brace', { include: ['*.{txt,json.gz}'] }, [1, 3]],
    ['several, one of which is enough', { include: ['*.txt', '*.json.gz'] }, [1, 3]],
    ['what is left out', { exclude: ['*.txt', '.hidden/'] }, [0, 1, 2, 5]],
    ['what is left out of what is meant', { include: ['AWSLogs/**'], exclude: ['AWSLogs/*/CloudTrail/**'] }, [0, 2]],
    ['a glob that begins with an exclamation mark', { include: ['!odd*/**'] }, [5]],
    ['another case', { include: ['awslogs/**'] }, []],
  ])('knows %s', (_, globs, expected) => {
    expect(meant(globs)).toEqual(expected)
  })

  it.each([[''], ['a'.repeat(70_000)]])('refuses a glob that is none', (glob) => {
    expect(() => matcherOf({ exclude: [glob] })).toThrow('--exclude takes globs as *.gz')
  })
})
