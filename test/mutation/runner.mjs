// Runs a test file once as it is, to learn which tests meet which mutants, then once for each mutant with the tests that
// meet it, in the same process.
import { performance } from 'node:perf_hooks'
import { Worker } from 'node:worker_threads'
import { startTests } from '@vitest/runner'
import { TestRunner, vi } from 'vitest'
import { appendResult, readMutants, resultsPath, resultsReader } from './state.mjs'

const { setInterval, setImmediate, setTimeout, clearTimeout } = globalThis
const none = -1
/** A mutant that hangs gives its tests this long, or ten times what they took without it. */
const leastMilliseconds = 1500
/** A loop of some thousand rounds is known in the tests; of as many more it has no end. */
const leastRounds = 200_000

const mutation = {
  active: none,
  rounds: 0,
  most: Number.POSITIVE_INFINITY,
  meeting: new Set(),
  /** What each test that runs has met, and what was met while none ran. */
  listeners: new Set(),
  is: (id) => {
    if (mutation.active === none) {
      if (mutation.listeners.size === 0) mutation.meeting.add(id)
      else for (const met of mutation.listeners) met.add(id)
    }
    return id === mutation.active
  },
  loop: () => {
    if (++mutation.rounds > mutation.most) throw new Error('This loop has no end')
  },
}
globalThis.__mutation = mutation

const testsOf = (task) => (task.type === 'test' ? [task] : task.tasks.flatMap(testsOf))

export default class MutationRunner extends TestRunner {
  met = []
  loaded = new Set()

  onCollected([file]) {
    this.loaded = mutation.meeting
    mutation.meeting = new Set()
    const decided = new Set(resultsReader()().flatMap(({ id, status }) => (status === 'survived' ? [] : [id])))
    if (readMutants().mutants.every(({ id }) => decided.has(id))) for (const test of testsOf(file)) test.mode = 'skip'
  }

  async onBeforeRunTask(test) {
    await super.onBeforeRunTask(test)
    const met = new Set()
    this.met.push({ test, met, begin: performance.now() })
    mutation.listeners.add(met)
  }

  onAfterRunTask(test) {
    super.onAfterRunTask(test)
    const run = this.met.find((other) => other.test === test)
    if (!run) return
    run.milliseconds = performance.now() - run.begin
    mutation.listeners.delete(run.met)
  }

  async onAfterRunFiles([file]) {
    super.onAfterRunFiles()
    const tests = testsOf(file)
    const failed = tests.find(({ result }) => result?.state === 'fail')
    if (file.result?.state === 'fail')
      return appendResult({
        test: file.name,
        done: true,
        broken: failed?.name ?? String(file.result.errors?.[0]?.message),
      })
    const runs = new Map(this.met.map(({ test, met, milliseconds }) => [tests.indexOf(test), { met, milliseconds }]))
    await judge(this, file, { runs, loaded: this.loaded, between: mutation.meeting, rounds: mutation.rounds })
    appendResult({ test: file.name, done: true })
  }
}

class OneMutantRunner extends TestRunner {
  constructor(outer, wanted) {
    const milliseconds = wanted.milliseconds
    super({ ...outer.config, testTimeout: milliseconds, hookTimeout: milliseconds, retry: 0 })
    Object.defineProperty(this, 'moduleRunner', { value: outer.moduleRunner })
    this._otel = outer._otel
    this.wanted = wanted
  }

  /** The test file is evaluated anew, and what it imports only for mutants that are met while it loads. */
  importFile(path, source) {
    const modules = this.workerState.evaluatedModules
    for (const module of modules.idToModuleMap.values())
      if (module.id === path || (this.wanted.anew && !/node_modules|test\/mutation/.test(module.id)))
        modules.invalidateModule(module)
    return super.importFile(path, source)
  }

  onCollected([file]) {
    const { tests } = this.wanted
    for (const [index, test] of testsOf(file).entries()) if (tests && !tests.has(index)) test.mode = 'skip'
  }

  onAfterRunTask(test) {
    if (test.result?.state === 'fail') this.cancelRun = true
  }

  // Keeps no snapshots.
  onAfterRunSuite() {}
}

async function judge(outer, file, { runs, loaded, between, rounds }) {
  const { mutants } = readMutants()
  const beat = watch()
  const read = resultsReader()
  const decided = new Set()
  const errors = []
  const listeners = ['unhandledRejection', 'uncaughtException'].map((event) => {
    const others = process.listeners(event)
    process.removeAllListeners(event)
    process.on(event, (error) => errors.push(error))
    return { event, others }
  })
  let judged = 0
  /** Whether the next run loads all modules anew. */
  let anew = false
  /** Whether a mutant was here after which nothing was tried without one. */
  let stained = false
  for (const { id } of mutants) {
    for (const { id, test, status } of read()) if (status !== 'survived' || test === file.name) decided.add(id)
    if (decided.has(id)) continue
    const wanted = wantedFor(id)
    if (!wanted) continue
    let failure = await run(id, wanted)
    // A mutant may leave something behind that fails the next one: a budget that it never gives back, a listener. So a
    // verdict is of a process in which the same tests pass without a mutant, if need be of all modules anew.
    const isClean = async () => !(await run(none, { ...wanted, tests: failure.tests ?? wanted.tests }))
    if (failure?.status === 'timeout' ? stained : failure && !(await isClean())) {
      anew = true
      failure = await run(id, wanted)
    }
    if (failure?.status === 'timeout') anew = true
    if (failure && !(await isClean())) {
      anew = true
      if (!(await isClean())) {
        if (judged === 0) appendResult({ id, test: file.name, status: failure.status, by: failure.by })
        die()
      }
    }
    stained = !failure
    if (failure) appendResult({ id, test: file.name, status: failure.status, by: failure.by })
    else appendResult({ id, test: file.name, status: 'survived' })
    judged++
  }
  beat.end()
  for (const { event, others } of listeners) {
    process.removeAllListeners(event)
    for (const other of others) process.on(event, other)
  }

  function wantedFor(id) {
    const wanted = { loads: loaded.has(id), tests: new Set(), milliseconds: 0 }
    for (const [index, { met, milliseconds }] of runs)
      if (loaded.has(id) || between.has(id) || met.has(id)) {
        wanted.tests.add(index)
        wanted.milliseconds = Math.max(wanted.milliseconds, milliseconds)
      }
    wanted.milliseconds = Math.ceil(Math.max(leastMilliseconds, wanted.milliseconds * 10))
    return wanted.tests.size > 0 && wanted
  }

  /** How the tests failed with the mutant, if they did. */
  async function run(id, wanted) {
    const runner = new OneMutantRunner(outer, { ...wanted, anew: anew || wanted.loads })
    // What was loaded with a mutant is loaded again without it.
    anew = wanted.loads && id !== none
    errors.length = 0
    Object.assign(mutation, { active: id, rounds: 0, most: Math.max(leastRounds, rounds * 20) })
    beat.begin(id)
    const late = setTimeout(() => end(id, 'timeout'), wanted.milliseconds * 2 + 30_000)
    let result
    try {
      ;[result] = await startTests([file.filepath], runner)
      // Rejections that nobody handles are told after their turn.
      for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve))
    } finally {
      clearTimeout(late)
      beat.end()
      mutation.active = none
      vi.useRealTimers()
      vi.restoreAllMocks()
      vi.unstubAllGlobals()
      vi.unstubAllEnvs()
    }
    const tests = testsOf(result)
    const failed = tests.findIndex((test) => test.result?.state === 'fail')
    const message = String((tests[failed] ?? result).result?.errors?.[0]?.message ?? errors[0])
    const status = /^(Test|Hook) timed out|This loop has no end/.test(message) ? 'timeout' : 'killed'
    if (failed >= 0) return { status, by: tests[failed].name, tests: new Set([failed]) }
    if (result.result?.state === 'fail' || errors.length > 0) return { status, by: message.slice(0, 200) }
  }

  function end(id, status) {
    if (id !== none) appendResult({ id, test: file.name, status, by: 'no end' })
    die()
  }
}

/** Vitest keeps `process.exit` from its workers. The command goes on with what is left in another process. */
const die = () => process.kill(process.pid, 'SIGKILL')

/**
 * Ends the process where a mutant blocks it, which no timer of its own can. Counts the processor's time, not the clock's:
 * a busy machine is no hang.
 */
function watch() {
  const shared = new Int32Array(new SharedArrayBuffer(8))
  const worker = new Worker(
    `const { workerData: { shared, path, most } } = require('node:worker_threads')
    const { appendFileSync } = require('node:fs')
    let last = -1, used = 0
    setInterval(() => {
      const { user, system } = process.cpuUsage()
      const [id, beats] = [Atomics.load(shared, 0), Atomics.load(shared, 1)]
      if (id < 0 || beats !== last) { last = beats; used = user + system; return }
      if (user + system - used < most) return
      appendFileSync(path, JSON.stringify({ id, status: 'timeout', by: 'blocked' }) + '\\n')
      process.kill(process.pid, 'SIGKILL')
    }, 500)`,
    { eval: true, workerData: { shared, path: resultsPath(), most: 10_000_000 } },
  )
  worker.unref()
  Atomics.store(shared, 0, none)
  setInterval(() => Atomics.add(shared, 1, 1), 200).unref()
  return { begin: (id) => Atomics.store(shared, 0, id), end: () => Atomics.store(shared, 0, none) }
}
