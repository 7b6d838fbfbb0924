import type { ObjectReport, SourceObject } from '@flowferry/core'
import type { Io, Output } from './io.ts'
import { bytes } from './text.ts'

export interface Progress {
  /** The same object; its bytes move the bar as they are read. */
  readonly watch: (object: SourceObject) => SourceObject
  readonly onObject: (report: ObjectReport) => void
  readonly stop: () => void
}

/** A bar that is not started yet; it goes from the terminal when it is done. */
export async function newBar(output: Output, format: string) {
  const { default: cliProgress } = await import('cli-progress')
  return new cliProgress.SingleBar({
    format,
    barsize: 30,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    hideCursor: true,
    clearOnComplete: true,
    stream: output as NodeJS.WriteStream,
  })
}

/** A bar on a terminal; nothing where a log would only be filled by it, nor with `--quiet`. */
export async function startProgress(io: Io, totalBytes: number, files: number): Promise<Progress> {
  if (io.quiet || !io.stderr.isTTY)
    return { watch: (object) => object, onObject: () => undefined, stop: () => undefined }
  const format = '{bar} {percentage}%  {read} of {size}  {done}/{files} files  {eta_formatted} left'
  const bar = await newBar(io.stderr, format)
  let read = 0
  let done = 0
  const state = () => ({ read: bytes(read), size: bytes(totalBytes), done, files })
  bar.start(Math.max(1, totalBytes), 0, state())
  return {
    watch: (object) => ({
      ...object,
      open: async (range, signal) => {
        const opened = await object.open(range, signal)
        return { ...opened, body: counted(opened.body) }
      },
    }),
    onObject: () => {
      done++
      bar.update(Math.min(read, totalBytes), state())
    },
    stop: () => bar.stop(),
  }

  async function* counted(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of body) {
      read += chunk.length
      bar.update(Math.min(read, totalBytes), state())
      yield chunk
    }
  }
}
