/** What the engine does for its host. Compiled to WebAssembly as well: cloudtrail-engine.wasm.ts. */
export { setResources } from './cloudtrail-resources.ts'
export { rewindTape, scan, setPlaces } from './cloudtrail-scan.ts'
export { encode } from './cloudtrail-write.ts'
export { hashOf } from './json-bytes.ts'
