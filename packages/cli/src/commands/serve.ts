import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Store } from '@flowferry/answers'
import type { ServedDashboard } from '@flowferry/dashboard'
import { type Settings, withFrom } from '../config/settings.ts'
import { logFormatNames, parserFor } from '../formats.ts'
import { type ExitCode, exitCodes, type Io, line, note, UsageError } from '../io.ts'
import { type FromOptions, isArchive, type OpenedStore, openStore } from '../open-store.ts'
import { snapshotOf } from './why.ts'

export interface ServeCommandOptions extends Partial<FromOptions> {
  readonly port?: number
  readonly own?: readonly string[]
  readonly snapshot?: string
  readonly open?: boolean
}

/** `flowferry serve`: the dashboard over a store, on loopback, until it is stopped. Writes nothing into the store. */
export async function serveCommand(options: ServeCommandOptions, io: Io, settings: Settings): Promise<ExitCode> {
  const { port, own, open, ...places } = withFrom(options, settings)
  const { from, index, indexPer } = places
  if (isArchive(places))
    throw new UsageError(
      'serve takes a store: what is on S3 is asked by why and ask, or brought into a store by backfill',
    )
  const snapshot = await snapshotOf(places)
  const { formats } = await parserFor(logFormatNames(settings), 'small', settings)
  // A store that cannot be opened at all is a mistake of the command line, and better told here than in the page.
  await (await openStore(places, io, formats)).close()
  const { serveDashboard } = await import('@flowferry/dashboard')
  const store = whileAsked(() => openStore(places, io, formats))
  let dashboard: ServedDashboard
  try {
    dashboard = await serveDashboard({
      store,
      formats,
      from,
      fromOptions: [
        ...['--from', from],
        ...(index === undefined ? [] : ['--index', index]),
        ...(indexPer === undefined ? [] : ['--index-per', indexPer]),
      ],
      ...(port !== undefined && { port }),
      ...(own && { own }),
      ...(snapshot && { snapshot }),
    })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    throw new UsageError(`--port ${port} is taken by another program; without --port, serve takes one that is free`)
  }
  line(io.stdout, `The dashboard over ${from}, for this machine alone: ${dashboard.url}`)
  note(io, 'Whoever has the address can ask the store. Ctrl+C ends it.')
  if (open) openBrowser(dashboard.url, io)
  if (io.signal && !io.signal.aborted) await once(io.signal, 'abort')
  await dashboard.close()
  await store.close()
  return exitCodes.ok
}

interface HeldStore extends Store {
  readonly close: () => Promise<void>
}

/** How long nobody has asked, until the store is closed. */
const idle = 2000

/**
 * A store that is open while it is asked, and shortly after: a DuckDB file has one writer, and between questions `ingest`
 * can write.
 */
export function whileAsked(open: () => Promise<OpenedStore>, milliseconds = idle): HeldStore {
  let opened: Promise<OpenedStore> | undefined
  let closing: Promise<void> = Promise.resolve()
  let asking = 0
  let timer: NodeJS.Timeout | undefined
  const close = (): Promise<void> => {
    clearTimeout(timer)
    const ending = opened
    opened = undefined
    if (ending) closing = ending.then((store) => store.close()).catch(() => undefined)
    return closing
  }
  return {
    ask: async (question, signal) => {
      clearTimeout(timer)
      asking++
      try {
        opened ??= closing.then(open)
        const mine = opened
        const store = await mine.catch((error: unknown) => {
          // The next question tries again.
          if (opened === mine) opened = undefined
          throw error
        })
        return await store.ask(question, signal)
      } finally {
        asking--
        if (asking === 0) timer = setTimeout(() => void close(), milliseconds)
      }
    },
    close,
  }
}

/** The browser of the desktop; where there is none, the address that is printed is enough. */
function openBrowser(url: string, io: Io): void {
  const commands: Partial<Record<NodeJS.Platform, [string, ...string[]]>> = {
    darwin: ['open', url],
    win32: ['rundll32', 'url.dll,FileProtocolHandler', url],
  }
  const [name, ...args] = commands[process.platform] ?? ['xdg-open', url]
  const browser = spawn(name, args, { stdio: 'ignore', detached: true })
  browser.once('error', () => note(io, 'note: no browser could be opened; open the address yourself'))
  browser.unref()
}
