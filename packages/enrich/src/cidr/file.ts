import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { refused } from '../refused.ts'

/** A block of addresses and its name. */
export interface CidrRow {
  /** IPv4 or IPv6: `10.0.0.0/8`, `2001:db8::/32`, or one address. */
  readonly cidr: string
  readonly label: string
  /**
   * Whether its addresses are your own: an office's public block, or a partner's private one.
   *
   * @default as the block around it, or `own` of the options, has it
   */
  readonly own?: boolean
}

/** A row, and where it stands: `networks.csv:3`. */
export interface PlacedRow {
  readonly place: string
  readonly row: CidrRow
}

/**
 * The rows of a file `cidr,label` or `cidr,label,own`. Empty lines, those that begin with `#` and a first one with the
 * columns' names are passed over.
 *
 * @throws FlowferryError INVALID_OPTION with the file's name, and the line's number
 */
export function rowsOfFile(file: string | URL): PlacedRow[] {
  const path = typeof file === 'string' ? file : fileURLToPath(file)
  const lines = read(path)
    .split('\n')
    .map((text, index) => ({ place: `${path}:${index + 1}`, text: text.trim() }))
    .filter(({ text }) => text !== '' && !text.startsWith('#'))
  const isHeader = /^cidr\s*,/i.test(lines[0]?.text ?? '')
  return lines.slice(isHeader ? 1 : 0).map(({ place, text }) => ({ place, row: rowOf(text, place) }))
}

function rowOf(text: string, place: string): CidrRow {
  const columns = text.split(',').map((column) => column.trim())
  const [cidr = '', label = '', whose] = columns
  if (columns.length < 2 || columns.length > 3)
    throw refused(
      `${place} has ${columns.length === 1 ? 'one column' : `${columns.length} columns`}: it takes cidr,label or cidr,label,own`,
    )
  if (whose !== undefined && whose !== 'own' && whose !== 'foreign')
    throw refused(`${place} has "${whose}" behind its label; it takes own or foreign`)
  return { cidr, label, ...(whose !== undefined && { own: whose === 'own' }) }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8').replace(/^\uFEFF/, '')
  } catch (error) {
    throw refused(`cidr: ${path} cannot be read: ${(error as Error).message}`)
  }
}
