/** What the engine does for its host: as JavaScript, or as the module in wasm.ts that is compiled from these files. */

export { nameHash } from '../../engine/json-bytes.ts'
export { clearMemo, openMemo } from '../../engine/memo.ts'
export { rewindTape, scan, setRoot } from './scan.ts'
export { encode } from './write.ts'
