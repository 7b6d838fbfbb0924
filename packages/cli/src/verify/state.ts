import type { VerifyPosition } from '@flowferry/source-s3'
import { UsageError } from '../io.ts'
import { jsonIn, readIfThere, replaceFile, requireSameRun } from '../whole-file.ts'

/** What a run is about: one of another must not be gone on from. */
export interface VerifyIdentity {
  readonly source: string
  readonly since: string
  readonly until: string
  readonly accounts: readonly string[]
  readonly regions: readonly string[]
}

interface StateFile {
  readonly version: 1
  readonly verify: VerifyIdentity
  /** The times that `since` and `until` meant when it began. */
  readonly span: { readonly from: string; readonly to: string }
  readonly position?: VerifyPosition
  readonly finished: boolean
}

export interface VerifyState {
  readonly span: { readonly from: Date; readonly to: Date }
  readonly position?: VerifyPosition
  readonly note: (position: VerifyPosition) => void
  /** Writes what was noted last. Rejects when the file could not be written at any time. */
  readonly close: (finished: boolean) => Promise<void>
}

/** Keeps in a file how far a run is, and goes on from it; one that is finished begins anew. */
export async function openState(
  path: string | undefined,
  verify: VerifyIdentity,
  span: { readonly from: Date; readonly to: Date },
): Promise<VerifyState> {
  const former = path === undefined ? undefined : await read(path, verify)
  const times = former ? { from: new Date(former.span.from), to: new Date(former.span.to) } : span
  let last = former?.position
  let writing: Promise<unknown> = Promise.resolve()
  let failure: Error | undefined
  let due = false
  const write = (finished: boolean) => {
    due = false
    const state: StateFile = {
      version: 1,
      verify,
      span: { from: times.from.toISOString(), to: times.to.toISOString() },
      ...(last && { position: last }),
      finished,
    }
    return replaceFile(path!, `${JSON.stringify(state)}\n`).catch((error: Error) => {
      failure ??= new Error(`--state could not be written: ${error.message}`)
    })
  }
  return {
    span: times,
    ...(last && { position: last }),
    note: (position) => {
      last = position
      // What comes while the file is written is written with the last of it.
      if (path === undefined || due) return
      due = true
      writing = writing.then(() => write(false))
    },
    close: async (finished) => {
      if (path === undefined) return
      await writing
      await write(finished)
      if (failure) throw failure
    },
  }
}

async function read(path: string, verify: VerifyIdentity): Promise<StateFile | undefined> {
  const text = await readIfThere(path, '--state')
  if (text === undefined) return undefined
  const former = jsonIn(text) as StateFile | undefined
  if (former?.version !== 1 || typeof former.verify !== 'object')
    throw new UsageError(`--state names a file that is none of verify: ${path}`)
  requireSameRun(path, 'the state of another run', former.verify, verify)
  return former.finished ? undefined : former
}
