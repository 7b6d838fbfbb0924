/** For the health check of a container: ends with 0 while the worker beside it is alive. node:24-slim has no curl. */
const port = process.env.HTTP_PORT ?? '8080'
const well = await fetch(`http://127.0.0.1:${port}/healthz`, { signal: AbortSignal.timeout(4000) }).then(
  ({ ok }) => ok,
  () => false,
)
process.exit(well ? 0 : 1)
