import { FlowferryError, type Parser, redact } from '@flowferry/core'
import { parseByHead } from '@flowferry/core/internal'

/** Characters of an object that no format reads, as its error shows them. */
const shown = 60
/** … and those that are looked at for credentials. */
const looked = 1000

/** Bytes of one that is no text, in hexadecimal digits. */
const shownBytes = 16

/** Of errors: the library keeps what a log holds out of them, and its logs with it. Who sits before a terminal wants to see. */
const beginnings = new WeakMap<FlowferryError, string>()

/** What an object begins with that no format reads, in quotes or as bytes; undefined of another error. */
export const beginningOf = (error: FlowferryError): string | undefined => beginnings.get(error)

/** The same parser, which keeps of an object that no format reads what it begins with. */
export function keepingBeginnings(parser: Parser<unknown>): Parser<unknown> {
  return {
    ...parser,
    parse: parseByHead(({ text }) => {
      const begin = told(text)
      return {
        parse: async function* (object, context) {
          try {
            yield* parser.parse(object, context)
          } catch (error) {
            if (FlowferryError.isInstance(error) && error.code === 'FORMAT_UNKNOWN') beginnings.set(error, begin)
            throw error
          }
        },
      }
    }),
  }
}

/** The first line of a text in quotes, or the first bytes of what is none. */
function told(text: string): string {
  // UTF-8 takes four bytes at most. Quoted here, since a slice would hold the whole text for as long as it is read.
  const bytes = Buffer.from(text.slice(0, 4 * looked), 'latin1')
  const [whole = ''] = bytes
    .toString()
    .trimStart()
    .split(/[\r\n]/, 1)
  // A character may be cut at the end of what is looked at.
  if (/\0|\ufffd(?!$)/.test(whole))
    return `the bytes ${bytes.toString('hex', 0, shownBytes).replace(/..(?!$)/g, '$& ')}`
  // Before it is cut: what ends a credential may stand behind the end.
  const line = redact(whole)
  return JSON.stringify(line.length > shown ? `${line.slice(0, shown)}…` : line)
}
