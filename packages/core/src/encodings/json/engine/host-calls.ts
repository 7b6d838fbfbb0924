/** What the engine cannot do itself; addresses are of its memory. Recalled values are the memo's. */
export interface Host {
  /** The shape of the record with this tape, or 0. */
  readonly compileShape: (tape: i32) => i32
  readonly isAddress: (at: i32, length: i32) => i32
  /** The place of a member that the table does not know, below a place that it knows; or 0: the plain path has to. */
  readonly learn: (parent: i32, at: i32, length: i32) => i32
}

/** Set by the host whose format is in the memory. */
let host: Host
export function setHost(functions: Host): void {
  host = functions
}

export function compileShape(tape: i32): i32 {
  return host.compileShape(tape)
}

export function isAddress(at: i32, length: i32): i32 {
  return host.isAddress(at, length)
}

export function learn(parent: i32, at: i32, length: i32): i32 {
  return host.learn(parent, at, length)
}
