// What the command and the workers of vitest share: a folder with the mutants, and a file of results that both append to.
import { appendFileSync, closeSync, existsSync, openSync, readFileSync, readSync } from 'node:fs'
import { join } from 'node:path'

export const folderVariable = 'FLOWFERRY_MUTATION'
const folder = () => process.env[folderVariable]
export const mutantsPath = () => join(folder(), 'mutants.json')
export const resultsPath = () => join(folder(), 'results.jsonl')

export const readMutants = () => JSON.parse(readFileSync(mutantsPath(), 'utf8'))
export const appendResult = (result) => appendFileSync(resultsPath(), `${JSON.stringify(result)}\n`)

/** Reads what was appended since the last call. */
export function resultsReader() {
  let position = 0
  return () => {
    if (!existsSync(resultsPath())) return []
    const file = openSync(resultsPath(), 'r')
    const chunks = []
    const buffer = Buffer.alloc(65_536)
    for (let bytes = 1; bytes > 0; ) {
      bytes = readSync(file, buffer, 0, buffer.length, position)
      position += bytes
      chunks.push(Buffer.from(buffer.subarray(0, bytes)))
    }
    closeSync(file)
    const lines = Buffer.concat(chunks).toString().split('\n')
    return lines.filter(Boolean).map((line) => JSON.parse(line))
  }
}
