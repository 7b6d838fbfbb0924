import { inflateRawSync } from 'node:zlib'

/** What an engine exports, and the memory that it works on. */
export interface Engine<Exports> {
  readonly is: 'wasm' | 'javascript'
  readonly exports: Exports
  readonly bytes: Buffer
  readonly words: Int32Array
}

/** The same engine in JavaScript: one for the process. */
interface Interpreted<Exports, Host> {
  readonly exports: Exports
  readonly buffer: ArrayBuffer
  readonly setHost: (host: Host) => void
}

/** What is used of it: Node's types leave it to those of browsers. */
interface WebAssemblyApi<Exports, Host> {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (
    module: object,
    imports: { readonly host: Host },
  ) => { readonly exports: Exports & { readonly memory: { readonly buffer: ArrayBuffer } } }
}

/**
 * Starts an engine that asks `host` for what it cannot do itself: the module `wasm` (deflated, in base64), or the same in
 * JavaScript where that is not to be had.
 */
export function startEngine<Exports, Host>(
  wasm: string,
  { exports, buffer, setHost }: Interpreted<Exports, Host>,
  host: Host,
): Engine<Exports> {
  try {
    const { WebAssembly } = globalThis as unknown as { readonly WebAssembly: WebAssemblyApi<Exports, Host> }
    const module = new WebAssembly.Module(inflateRawSync(Buffer.from(wasm, 'base64')))
    const { exports } = new WebAssembly.Instance(module, { host })
    return engineOf('wasm', exports, exports.memory.buffer)
  } catch {
    // `node --jitless` has no WebAssembly, and an old processor may lack its vectors.
    setHost(host)
    return engineOf('javascript', exports, buffer)
  }
}

function engineOf<Exports>(is: Engine<Exports>['is'], exports: Exports, buffer: ArrayBuffer): Engine<Exports> {
  return { is, exports, bytes: Buffer.from(buffer), words: new Int32Array(buffer) }
}
