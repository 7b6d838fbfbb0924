export interface EngineSource {
  /** From the package's own folder. */
  readonly folder: string
  readonly entry: string
  /** Of 64 KiB, in its memory. */
  readonly pages: number
}
export const engines: readonly EngineSource[]
export function compileEngine(engine: EngineSource): Promise<Buffer>
