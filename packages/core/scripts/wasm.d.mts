export function compileEngine(): Promise<Buffer>
