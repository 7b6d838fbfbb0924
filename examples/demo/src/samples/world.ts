/** What all samples share. Addresses are those reserved for documentation; the account is AWS's own example. */
export const world = {
  account: '111122223333',
  region: 'eu-central-1',
  vpc: 'vpc-0a1b2c3d4e5f60718',
  start: Date.UTC(2026, 10, 20, 9, 0),
} as const

/** The time that a file covers, in milliseconds since 1970, and how much is in it. */
export interface Span {
  readonly from: number
  readonly to: number
  readonly records: number
}

/** A time as AWS writes it into names of files: `20261120T0905Z`. */
export function stamp(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 16).replace(/[-:]/g, '')}Z`
}
