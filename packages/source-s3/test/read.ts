import { FlowferryError } from '@flowferry/core'

/** A body, whole. */
export async function read(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** The error that a promise rejects with, a FlowferryError. */
export async function failure(promise: Promise<unknown>): Promise<FlowferryError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!FlowferryError.isInstance(error)) throw new Error(`no error of ours: ${error}`)
  return error
}
