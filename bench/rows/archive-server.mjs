// The archive of a bench as an S3 server in a process of its own: node archive-server.mjs FOLDER KEYS NAMED FILLER LATENCY;
// prints its URL and where in it the world lies, and serves until its parent is gone.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { archiveOf, movedTo } from '../inputs/archive.mjs'
import { start } from '../inputs/random.mjs'
import { startArchiveServer } from '../lib/archive-server.mjs'

const [, , folder, keys, named, filler, latency] = process.argv
const { told } = JSON.parse(readFileSync(join(folder, 'truth.json'), 'utf8'))
const logs = join(folder, 'logs')
const files = readdirSync(logs, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map(({ parentPath, path = parentPath, name }) => join(path, name))
  .map((path) => ({ key: path.slice(logs.length + 1), body: readFileSync(path) }))
const moved = movedTo(readFileSync(filler), told.since, start)
const archive = archiveOf({ ...told, files }, { keys: Number(keys), named: Number(named), filler: moved })
const { url, requests } = await startArchiveServer(archive, Number(latency))
const { account, region } = archive
process.on('message', () => process.send({ ...requests }))
process.on('disconnect', () => process.exit())
console.log(JSON.stringify({ url, keys: archive.keys.length, account, region, ...told }))
