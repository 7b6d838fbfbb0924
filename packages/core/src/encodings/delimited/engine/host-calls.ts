/** What the engine asks its host for besides recalled values, where it runs as JavaScript. */
let host: { readonly settle: typeof settle }
export function setHost(functions: typeof host): void {
  host = functions
}
export function settle(program: i32, low: i32, high: i32): i32 {
  return host.settle(program, low, high)
}
