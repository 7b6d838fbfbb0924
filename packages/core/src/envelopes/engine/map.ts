import { delimitedPages, jsonPages } from '../../encodings/engine/memory.ts'

/** Where things are in the engine's memory, in bytes from its beginning. */

/** Behind the memory of the other engines: in JavaScript all have one. */
const base: i32 = (delimitedPages + jsonPages) * 65_536
/** The texts that stand before an event's id, its time and its message; the host writes them. */
export const beforeIdAt: i32 = base + 64
export const beforeTimeAt: i32 = base + 96
export const beforeMessageAt: i32 = base + 128
export const beforeId = '{"id":"'
export const beforeTime = '","timestamp":'
export const beforeMessage = ',"message":"'
export const beforeIdLength: i32 = 7
export const beforeTimeLength: i32 = 14
export const beforeMessageLength: i32 = 12
/** Where the message that was found ends in the output, and how many lines end in it. */
export const messageEndAt: i32 = base + 160
export const lineEndsAt: i32 = base + 164
/** What each byte behind a backslash stands for; 0 for what `JSON.parse` is asked. */
export const escapesAt: i32 = base + 256
/** The chunk at hand, with zeros behind it, and the messages of its events. */
export const inputAt: i32 = base + 1024
export const mostInput: i32 = 256 * 1024
export const outputAt: i32 = inputAt + mostInput + 64
