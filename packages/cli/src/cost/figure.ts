/** A number, and where it is from: `listed`, `stated`, `sampled 20 of 1,204 files`. */
export interface Known {
  readonly value: number
  readonly origin: string
}

/** A number, or why there is none. */
export type Answer = Known | { readonly value?: never; readonly origin: string }

export type Unit = 'bytes' | 'byte-months' | 'files' | 'records' | 'documents' | 'requests' | 'seconds' | 'GB-seconds'

/** The parts of the answer, in their order. */
export const sections = {
  held: 'a month of these logs',
  delivery: 'to have them on S3',
  lambda: 'to index them as they come, by Lambda',
  backfill: 'to read the month once more, by a backfill',
  cloudWatch: 'instead: CloudWatch Logs',
  athena: 'instead: Athena on the files',
} as const

export type Section = keyof typeof sections

/** A line of the answer. */
export interface Figure {
  readonly section: Section
  readonly name: string
  /** None where it is not known; `origin` says why then. */
  readonly value?: number
  readonly unit: Unit
  readonly origin: string
  /** US dollars. @default it costs nothing by itself, or is not known */
  readonly dollars?: number
  /** What one costs, in which region, on which day; or why it is free. */
  readonly price?: string
}

/** US dollars of a section; `whole` unless one of its lines is not known. */
export function sumOf(figures: readonly Figure[], section: Section): { dollars: number; whole: boolean } {
  const own = figures.filter((figure) => figure.section === section)
  return {
    dollars: own.reduce((sum, { dollars = 0 }) => sum + dollars, 0),
    whole: own.every(({ value }) => value !== undefined),
  }
}
