import type { ObjectReport, Position, SourceObject } from '@flowferry/core'

/** Tries of an object that fails by what may pass, after which it is given up. */
const mostTries = 5

/** What was printed of an object. */
interface State {
  /** Where the next try goes on; none: at its beginning. */
  readonly position?: Position
  readonly tries: number
  readonly isDone: boolean
  /** Whether it was met since the last sweep. */
  isMet: boolean
}

type Named = Pick<SourceObject, 'bucket' | 'key' | 'versionId' | 'etag'>

/** Which objects were printed, and how far those that failed were. */
export interface Printed {
  /** The object, from where its last try ended; undefined where it is done with. */
  readonly rest: (object: SourceObject) => SourceObject | undefined
  /** Notes that an object is not to be printed. */
  readonly pass: (object: Named) => void
  /** Notes what became of an object. Whether it is to be tried again. */
  readonly settle: (report: ObjectReport) => boolean
  /** Forgets the objects that were not met since the last sweep. */
  readonly sweep: () => void
}

export interface RememberOptions {
  /** Objects that are remembered, the newest. @default all that a sweep leaves */
  readonly most?: number
  /**
   * Whether an object that cannot be read is done with, at once or after five tries. A queue has its own attempts: what it
   * sends again is read again. @default true
   */
  readonly givesUp?: boolean
}

/**
 * Remembers objects, so that no document is printed twice, whether S3 lists one again, SQS delivers its message again, or a
 * read that failed is tried again. An object with another ETag is another one.
 */
export function rememberPrinted({ most = Number.POSITIVE_INFINITY, givesUp = true }: RememberOptions = {}): Printed {
  const states = new Map<string, State>()
  /** Those in work, by their names without the ETag: the one that is opened may be another. */
  const begun = new Map<string, Named>()
  const set = (object: Named, state: Omit<State, 'isMet'>) => {
    const name = nameOf(object)
    states.delete(name)
    states.set(name, { ...state, isMet: true })
    if (states.size > most) states.delete(states.keys().next().value!)
  }
  return {
    rest: (object) => {
      const state = states.get(nameOf(object))
      if (state) state.isMet = true
      // Of one whose ETag is not known the next may be another.
      if (state?.isDone && (object.etag ?? object.versionId) !== undefined) return undefined
      begun.set(placeOf(object), object)
      return state?.position ? { ...object, from: state.position } : object
    },
    pass: (object) => set(object, { tries: 0, isDone: true }),
    settle: (report) => {
      const { status, error, position } = report
      const asked = begun.get(placeOf(report)) ?? report
      begun.delete(placeOf(report))
      const { tries = 0, position: former } = states.get(nameOf(asked)) ?? {}
      // An outage is no object's failure, however long it lasts.
      const isOutage = error?.code.startsWith('SOURCE_') === true
      const isGivenUp = givesUp && !isOutage && (error?.retryable !== true || tries + 1 >= mostTries)
      const isAgain = status === 'failed' && !isGivenUp
      const reached = position ?? former
      const state = { tries: tries + 1, isDone: !isAgain, ...(reached && { position: reached }) }
      set(asked, state)
      if (report.etag !== undefined && report.etag !== asked.etag) set(report, state)
      return isAgain
    },
    sweep: () => {
      for (const [name, state] of states) {
        if (!state.isMet) states.delete(name)
        state.isMet = false
      }
    },
  }
}

const placeOf = ({ bucket, key, versionId = '' }: Named) => JSON.stringify([bucket, key, versionId])
const nameOf = (object: Named) => `${placeOf(object)} ${object.etag ?? ''}`
