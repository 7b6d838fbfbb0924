export interface EngineSource {
  /** From the package's own folder. */
  readonly folder: string
  readonly entry: string
}
export const engines: readonly EngineSource[]
export function compileEngine(engine: EngineSource): Promise<Buffer>
