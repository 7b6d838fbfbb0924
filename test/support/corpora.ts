import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** A public log sample: its file, what it is, and how many records it states. */
export interface CorpusCase {
  readonly id: string
  readonly type: string
  readonly format: string
  readonly input: string
  readonly records?: number | null
  readonly expected?: string
  readonly note?: string
}

const folder = fileURLToPath(new URL('../../../shared/corpora/', import.meta.url))

/** The public samples beside the project; where they are absent, none, with a line that says so. */
export function corpusCases(...types: string[]): CorpusCase[] {
  if (!existsSync(`${folder}manifest.json`)) {
    console.warn(`skipped: the public samples are not at ${folder}`)
    return []
  }
  const all = JSON.parse(readFileSync(`${folder}manifest.json`, 'utf8')) as CorpusCase[]
  return all.filter(({ type }) => types.includes(type))
}

export const corpusFile = (path: string): Buffer => readFileSync(`${folder}${path}`)
