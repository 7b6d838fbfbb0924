import { afterAll, beforeAll, describe, expect } from 'vitest'
import { engines, formats } from '../support/engines.ts'
import { type OwnServer, ownServer } from '../support/own-server.ts'
import { onServers } from '../support/servers.ts'
import { type Circumstance, circumstances, commonKinds, type FaultKind, serverKinds } from './faults.ts'
import { runSchedule } from './run-schedule.ts'
import { type Schedule, schedules } from './schedule.ts'

const seed = Number(process.env.FLOWFERRY_CHAOS_SEED ?? 1)
const count = Number(process.env.FLOWFERRY_CHAOS_SCHEDULES ?? 24)
/** Numbers of single schedules, for a look at one that failed. */
const only = process.env.FLOWFERRY_CHAOS_ONLY?.split(',').map(Number)
// Those with a server of their own first: they take longest.
const chosen = schedules(count, seed)
  .filter(({ number }) => !only || only.includes(number))
  .sort((a, b) => Number(b.ownServer) - Number(a.ownServer))
/** From so many schedules on, each kind of fault has its turn. */
const whole = !only && count >= 24

/** What a server of a schedule's own takes: less than the sink sends. */
const settings = 'http.max_content_length: 1mb\nindexing_pressure.memory.limit: 1500kb'
const port = Number(process.env.FLOWFERRY_CHAOS_PORT ?? 19_820)
const ownPorts = { elasticsearch: port, opensearch: port + 1 }

const { test, urls } = onServers('aws', 'elasticsearch', 'opensearch')
const [aws, elasticsearch, opensearch] = urls as [string, string, string]
const nodes = { elasticsearch, opensearch }

const total = { documents: 0, starts: 0, seen: new Map<FaultKind | Circumstance, number>() }

describe(`chaos, seed ${seed}`, () => {
  beforeAll(async () => {
    for (const engine of engines) if (nodes[engine.name]) await engine.setup(nodes[engine.name], { formats })
  })

  describe.concurrent('each schedule ends in the truth', () => {
    for (const schedule of chosen)
      test(`${schedule.number}: ${schedule.engine}, ${schedule.mode}, ${schedule.faults.join(', ')}`, async () => {
        const { wrong, documents, starts, seen } = await (schedule.ownServer
          ? onOwnServer(schedule)
          : runSchedule(schedule, { aws, node: nodes[schedule.engine] }))
        expect(wrong).toEqual([])
        total.documents += documents
        total.starts += starts
        for (const [what, times] of seen) total.seen.set(what, (total.seen.get(what) ?? 0) + times)
      })
  })

  test('every kind of fault came, over 200,000 documents and more', () => {
    if (!whole) return
    const never = [...commonKinds, ...serverKinds, ...circumstances].filter((what) => !total.seen.has(what))
    expect(never).toEqual([])
    expect(total.documents).toBeGreaterThanOrEqual(200_000)
  })

  afterAll(() => {
    const lines = [...total.seen].sort().map(([what, times]) => `${String(times).padStart(6)}  ${what}`)
    const faults = [...total.seen.values()].reduce((sum, times) => sum + times, 0)
    console.log(
      [
        `${chosen.length} schedules, seed ${seed}: ${faults} faults of ${total.seen.size} kinds,`,
        `${total.documents} documents, ${total.starts} starts of the program`,
        ...lines,
      ].join('\n'),
    )
  })
})

async function onOwnServer(schedule: Schedule) {
  const { name, setup } = engines.find((engine) => engine.name === schedule.engine)!
  const own: OwnServer = await alone(name, () => ownServer(name, ownPorts[name], settings))
  try {
    await setup(own.url, { formats })
    return await runSchedule(schedule, { aws, node: own.url, own })
  } finally {
    await own.stop()
    free(name)
  }
}

/** One schedule at a time on each engine's port. */
const taken = new Map<string, Promise<void>>()
const frees = new Map<string, () => void>()
async function alone<T>(name: string, work: () => Promise<T>): Promise<T> {
  while (taken.has(name)) await taken.get(name)
  taken.set(name, new Promise((resolve) => frees.set(name, resolve)))
  return work()
}
function free(name: string): void {
  taken.delete(name)
  frees.get(name)?.()
}
