/** What the engine does for its host: as JavaScript, or as the module in wasm.ts that is compiled from these files. */

export { hashOf } from './json-bytes.ts'
export { setResources } from './resources.ts'
export { rewindTape, scan, setPlaces } from './scan.ts'
export { encode } from './write.ts'
