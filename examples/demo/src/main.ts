#!/usr/bin/env node
import { parseArgs } from 'node:util'
import { demo } from './demo.ts'

// A reader that has enough, as `head` has, is no error.
process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => process.exit(code === 'EPIPE' ? 0 : 1))

const { values } = parseArgs({
  options: { json: { type: 'boolean', default: false }, serve: { type: 'boolean', default: false } },
})
const { json, serve } = values
const interrupted = new AbortController()
if (serve) process.once('SIGINT', () => interrupted.abort()).once('SIGTERM', () => interrupted.abort())
process.exitCode = (await demo(process.stdout, { json, ...(serve && { serve: interrupted.signal }) })) ? 0 : 1
