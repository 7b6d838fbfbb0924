import { createServer, type Socket } from 'node:net'
import { PGlite } from '@electric-sql/pglite'

const letter = (message: Buffer) => String.fromCharCode(message[0]!)

/**
 * Postgres, compiled to WebAssembly, on a port of its own: it runs wherever Node does, as root too. Its own socket server
 * hands it one message at a time, and after an error Postgres would then be ready twice, at which `pg` hangs up; so the
 * messages of a statement go to it together. https://www.postgresql.org/docs/current/protocol-flow.html
 */
export async function startPostgres() {
  const database = await PGlite.create()
  const answer = (socket: Socket, messages: Buffer) =>
    database
      .runExclusive(() =>
        database.execProtocolRawStream(messages, { onRawData: (data) => void socket.write(Buffer.from(data)) }),
      )
      .catch((error) => socket.destroy(error))

  const server = createServer((socket) => {
    let bytes: Buffer = Buffer.alloc(0)
    let statement: Buffer[] = []
    let isStarted = false
    socket.on('error', () => socket.destroy())
    socket.on('data', (chunk) => {
      bytes = Buffer.concat([bytes, chunk])
      for (;;) {
        // The first message has no letter before its length.
        const start = isStarted ? 1 : 0
        if (bytes.length < start + 4) return
        const length = start + bytes.readUInt32BE(start)
        if (bytes.length < length) return
        const message = bytes.subarray(0, length)
        bytes = bytes.subarray(length)
        // X: the client ends. S and Q: the statement is whole.
        if (isStarted && letter(message) === 'X') return socket.end()
        statement.push(message)
        if (isStarted && !'SQ'.includes(letter(message))) continue
        isStarted = true
        void answer(socket, Buffer.concat(statement))
        statement = []
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as { port: number }).port,
    close: async () => {
      server.close()
      await database.close()
    },
  }
}
