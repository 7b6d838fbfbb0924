import { fstatSync, readdirSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { FlowferryError } from '@flowferry/core'
import { createStore, type Store } from './store.ts'

/** A database that is open: its instance, and the one store that all sinks on it write through. */
export interface OpenDatabase {
  readonly instance: DuckDBInstance
  readonly store: Store
  /** Ends one sink's use. The last one closes the writing connection, and the instance unless the caller passed it. */
  readonly release: () => void
}

interface Shared extends Omit<OpenDatabase, 'release'> {
  readonly writer: DuckDBConnection
  /** Device and inode; undefined in memory. */
  readonly file: string | undefined
  sinks: number
}

/**
 * Databases that are open in this thread. DuckDB locks a file for a process and not for an instance: two instances on
 * one file overwrite each other's blocks, and neither is told.
 */
const openFiles = new Map<string, Promise<Shared>>()
const openInstances = new WeakMap<DuckDBInstance, Promise<Shared>>()

/**
 * Opens a database, or joins the sinks that have it open.
 *
 * @throws FlowferryError TARGET_IN_USE, TARGET_FAILED
 */
export async function openDatabase(target: string | DuckDBInstance): Promise<OpenDatabase> {
  if (typeof target !== 'string') {
    for (;;) {
      const shared = openInstances.get(target) ?? share(target, undefined)
      openInstances.set(target, shared)
      const found = await shared
      // The last sink may have closed it meanwhile.
      if (openInstances.get(target) === shared) return shareWith(found, () => openInstances.delete(target))
    }
  }
  // In memory each database is one of its own.
  if (target === '' || target.startsWith(':memory:')) {
    const shared = await share(await createInstance(target), undefined)
    return shareWith(shared, () => shared.instance.closeSync())
  }
  const path = realPath(target)
  for (;;) {
    const known = openFiles.get(path)
    const shared = known ?? openFile(path)
    if (!known) {
      openFiles.set(path, shared)
      shared.catch(() => forget(path, shared))
    }
    const found = await shared
    // The last sink may have closed it meanwhile.
    if (openFiles.get(path) !== shared) continue
    // The file was deleted or replaced under an open sink: its path is another file's now.
    if (found.file !== fileAt(path)) forget(path, shared)
    else
      return shareWith(found, () => {
        forget(path, shared)
        found.instance.closeSync()
      })
  }
}

function forget(path: string, shared: Promise<Shared>): void {
  if (openFiles.get(path) === shared) openFiles.delete(path)
}

function shareWith(shared: Shared, close: () => void): OpenDatabase {
  shared.sinks++
  return {
    instance: shared.instance,
    store: shared.store,
    release: () => {
      if (--shared.sinks > 0) return
      shared.writer.closeSync()
      close()
    },
  }
}

async function openFile(path: string): Promise<Shared> {
  if (openHere(path) > 0) throw inUse(path, 'this process has it open: in a worker thread, or as a DuckDB instance')
  const instance = await createInstance(path)
  // Two threads may have opened a file at the same moment.
  if (openHere(path) > 1) {
    instance.closeSync()
    throw inUse(path, 'this process opened it twice: in a worker thread, or as a DuckDB instance')
  }
  return share(instance, fileAt(path))
}

async function share(instance: DuckDBInstance, file: string | undefined): Promise<Shared> {
  const writer = await instance.connect()
  await writer.run("SET TimeZone = 'UTC'")
  return { instance, writer, store: createStore(writer), file, sinks: 0 }
}

async function createInstance(path: string): Promise<DuckDBInstance> {
  try {
    // Everything needed is linked into the library: it must never reach for the network.
    return await DuckDBInstance.create(path, {
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
      // At the default of 16 MB, every few writes would compress the newest rows anew; at 256 MB as many are in memory.
      checkpoint_threshold: '64MB',
      // Text is a sixth smaller than in the form that versions before 1.3 read, and made in half the time.
      storage_compatibility_version: 'v1.3.0',
    })
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    if (/set lock on file|being used by another process/i.test(reason)) throw inUse(path, reason, error)
    throw new FlowferryError('TARGET_FAILED', `DuckDB cannot open ${path}: ${reason}`, { cause: error })
  }
}

function inUse(path: string, reason: string, cause?: unknown): FlowferryError {
  return new FlowferryError('TARGET_IN_USE', `DuckDB cannot open ${path}: ${reason}`, { cause })
}

/** The path without links. The file may not be there yet. */
function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    const whole = resolve(path)
    try {
      return join(realpathSync(dirname(whole)), basename(whole))
    } catch {
      return whole
    }
  }
}

/** Device and inode of a file; undefined where there is none. */
function fileAt(path: string): string | undefined {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false })
  return stat && `${stat.dev}:${stat.ino}`
}

/**
 * How many times this process has the file open, whatever the thread: threads share file descriptors, and DuckDB keeps
 * one for each instance. Windows has no list of them, and there DuckDB itself refuses a second instance.
 */
function openHere(path: string): number {
  const file = fileAt(path)
  if (file === undefined) return 0
  let descriptors: string[]
  try {
    descriptors = readdirSync('/dev/fd')
  } catch {
    return 0
  }
  return descriptors.filter((descriptor) => {
    try {
      const { dev, ino } = fstatSync(Number(descriptor), { bigint: true })
      return `${dev}:${ino}` === file
    } catch {
      return false // closed meanwhile
    }
  }).length
}
