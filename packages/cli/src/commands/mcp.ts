import { Console } from 'node:console'
import { Readable, Writable } from 'node:stream'
import { type Settings, withFrom } from '../config/settings.ts'
import { logFormatNames, parserFor } from '../formats.ts'
import { type ExitCode, exitCodes, type Io, line, note, UsageError } from '../io.ts'
import type { Logs, NamedFormat } from '../mcp/logs.ts'
import { isArchive, openStore } from '../open-store.ts'
import { snapshotOf, type WhyCommandOptions } from './why.ts'

export type McpCommandOptions = Omit<WhyCommandOptions, 'from' | 'since' | 'until' | 'json'> & {
  readonly from?: string
}

/**
 * `flowferry mcp`: tools for language models, over standard input and output, until the input ends. Standard output carries
 * the protocol alone: what a config logs goes to standard error, too.
 */
export async function mcpCommand(
  options: McpCommandOptions,
  io: Io,
  version: string,
  settings: () => Promise<Settings>,
): Promise<ExitCode> {
  const { console } = globalThis
  globalThis.console = new Console(io.stderr, io.stderr)
  try {
    const logs = await checkedLogs(options, io, await settings())
    note(io, `serves ${logs.from} over standard input and output (Model Context Protocol)`)
    await serve(logs, io, version)
    return exitCodes.ok
  } finally {
    globalThis.console = console
  }
}

/** The logs, once what the command line says of them is seen to be right: a client shows no error as well as a terminal. */
async function checkedLogs(options: McpCommandOptions, io: Io, settings: Settings): Promise<Logs> {
  const from = withFrom(options, settings)
  await snapshotOf(from)
  const names = logFormatNames(settings)
  const found = names.map(async (name): Promise<NamedFormat[]> => {
    const parser = await parserFor([name], 'small', settings)
    return parser.formats.map((format) => ({ name, format }))
  })
  const formats = (await Promise.all(found)).flat()
  if (!isArchive(from)) {
    // A file that something else has open now may be free when a question comes.
    const store = await openStore(from, io, []).catch((error: unknown) => {
      if (error instanceof UsageError) throw error
      note(io, `note: ${(error as Error).message}`)
    })
    await store?.close()
  }
  const { logsOf } = await import('../mcp/logs.ts')
  return logsOf(from, formats, io, settings)
}

/** Resolves when the input ends, when the client reads no more, or with the command's signal. */
async function serve(logs: Logs, io: Io, version: string): Promise<void> {
  const { serveStdio, StdioServerTransport } = await import('@modelcontextprotocol/server/stdio')
  const { createServer } = await import('../mcp/server.ts')
  const stdin = Readable.from(io.stdin)
  const stdout = new Writable({ write: (chunk, _, done) => io.stdout.write(chunk, done) })
  await new Promise<void>((resolve) => {
    class Transport extends StdioServerTransport {
      override async close(): Promise<void> {
        await super.close()
        // It would keep the process waiting for more.
        stdin.destroy()
        resolve()
      }
    }
    const server = serveStdio(() => createServer(logs, io, version), {
      transport: new Transport(stdin, stdout),
      onerror: ({ message }) => line(io.stderr, `error: ${message}`),
    })
    const close = () => void server.close()
    if (io.signal?.aborted) close()
    io.signal?.addEventListener('abort', close, { once: true })
  })
}
