import { test } from 'vitest'

/** The address of a real server for tests, from the environment. */
function address(variable: string): string | undefined {
  const url = process.env[variable]
  if (!url && process.env.FLOWFERRY_REQUIRE_SERVERS === '1')
    throw new Error(`${variable} is not set: this run must not skip`)
  if (!url) console.warn(`skipped: ${variable} is not set. eval "$(scripts/servers/up.sh)" starts the servers.`)
  return url
}

/** A `test` that skips, and says so once, where one of the servers is not there. */
export function onServers(...names: ('elasticsearch' | 'opensearch' | 'aws')[]) {
  const urls = names.map((name) => address(`FLOWFERRY_TEST_${name.toUpperCase()}`))
  return { test: urls.every(Boolean) ? test : test.skip, urls: urls as string[] }
}
