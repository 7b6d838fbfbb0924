// What our own code loads of Node itself: the part of its import that is not its own.
export * as crypto from 'node:crypto'
export * as net from 'node:net'
export * as zlib from 'node:zlib'
