import { writeFile } from 'node:fs/promises'
import { asFlowferryError, FlowferryError, type Format } from '@flowferry/core'
import { addressOf, authorizationOf, refusePassword } from '../cluster.ts'
import { type ExitCode, exitCodes, type Io, line, UsageError } from '../io.ts'

export interface DashboardsOptions {
  /** A file, or the address of Kibana or OpenSearch Dashboards. */
  readonly dashboards: string
  readonly to?: string
  readonly index?: string
  readonly own?: readonly string[]
  readonly json?: boolean
}

const seconds = 60

/** `flowferry setup --dashboards`: the saved objects into a file, or imported. */
export async function dashboardsCommand(
  { dashboards, to, index, own, json = false }: DashboardsOptions,
  io: Io,
  formats: readonly Format[],
): Promise<ExitCode> {
  const { savedObjects } = await import('@flowferry/answers/saved-objects')
  const objects = savedObjects({ formats, ...(index !== undefined && { index }), ...(own && { own }) })
  const count = objects.split('\n').length - 1
  if (!/^https?:\/\//i.test(dashboards)) {
    await writeFile(dashboards, objects)
    const told = { file: dashboards, objects: count }
    line(
      io.stdout,
      json
        ? JSON.stringify(told)
        : `${count} saved objects written to ${dashboards}: import them under Stack Management or Dashboards Management, Saved Objects`,
    )
    return exitCodes.ok
  }
  const { name, result } = await importInto(dashboards, to, objects, io)
  const { successCount = 0, errors = [] } = result
  const told = { into: name, objects: count, imported: successCount, failed: count - successCount }
  line(io.stdout, json ? JSON.stringify(told) : `${successCount} of ${count} saved objects imported into ${name}`)
  for (const { type, id, error } of errors)
    line(io.stderr, `error: ${type} ${id} is not imported: ${error?.type ?? 'no reason is given'}`)
  return successCount === count ? exitCodes.ok : exitCodes.failed
}

/** https://www.elastic.co/docs/api/doc/kibana/operation/operation-importsavedobjectsdefault */
interface ImportResult {
  readonly successCount?: number
  readonly errors?: readonly {
    readonly type: string
    readonly id: string
    readonly error?: { readonly type?: string }
  }[]
}

async function importInto(
  address: string,
  to: string | undefined,
  objects: string,
  io: Io,
): Promise<{ name: string; result: ImportResult }> {
  if (to !== 'elasticsearch' && to !== 'opensearch')
    throw new UsageError(
      '--dashboards with an address needs --to elasticsearch (Kibana) or --to opensearch: whose credentials to use',
    )
  if (!URL.canParse(address))
    throw new UsageError('--dashboards is no URL: it takes https://kibana.example:5601, or a file')
  refusePassword('--dashboards', new URL(address))
  // A space or workspace stands in the path: /s/network.
  const name = addressOf(address)
  const body = new FormData()
  body.append('file', new Blob([objects], { type: 'application/ndjson' }), 'flowferry.ndjson')
  const authorization = authorizationOf(to, io)
  const signals = [AbortSignal.timeout(seconds * 1000), ...(io.signal ? [io.signal] : [])]
  const response = await fetch(`${name}/api/saved_objects/_import?overwrite=true`, {
    method: 'POST',
    headers: { 'kbn-xsrf': 'flowferry', 'osd-xsrf': 'flowferry', ...(authorization && { authorization }) },
    body,
    // To a page where people sign in.
    redirect: 'manual',
    signal: AbortSignal.any(signals),
  }).catch((error: unknown) => {
    throw asFlowferryError(error, 'TARGET_UNREACHABLE', `${name} got no answer`)
  })
  const text = await response.text()
  const place = `${name} answers ${response.status} to the import`
  if (response.status === 401 || response.status === 403 || (response.status >= 300 && response.status < 400))
    throw new FlowferryError('TARGET_UNAUTHORIZED', place)
  const result = response.ok ? parsed(text) : undefined
  if (!result) throw new FlowferryError('TARGET_FAILED', `${place}: ${text.slice(0, 500)}`)
  return { name, result }
}

function parsed(text: string): ImportResult | undefined {
  try {
    const result: unknown = JSON.parse(text)
    return typeof result === 'object' && result !== null && 'successCount' in result
      ? (result as ImportResult)
      : undefined
  } catch {
    return undefined
  }
}
