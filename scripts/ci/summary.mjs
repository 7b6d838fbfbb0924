// Adds up what .ci/run did and prints one closing line: node scripts/ci/summary.mjs .test-results
// steps.tsv holds a line for each step: name, exit code, and the name of vitest's JSON report if it has one.
import { readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'

const folder = process.argv[2]
const total = { passed: 0, failed: 0, skipped: 0 }

const steps = read('steps.tsv')?.split('\n').filter(Boolean) ?? []
for (const step of steps) {
  const [name, code, report] = step.split('\t')
  if (report) addReport(name, code, report)
  else add(code === '0' ? 'passed' : 'failed', name)
}
if (steps.length === 0) add('failed', 'no step was run')

console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
process.exitCode = total.failed > 0 ? 1 : 0

function addReport(step, code, file) {
  const text = read(file)
  if (!text) return add('failed', `${step}: no report (exit code ${code})`)

  const before = { ...total }
  for (const suite of JSON.parse(text).testResults) {
    const path = relative(process.cwd(), suite.name).split(sep).join('/')
    // The tests against real servers: CI has the servers, so a skipped one means that something is broken.
    const mustRun = /^((packages|examples)\/[^/]+\/test|test\/(servers|browser))\//.test(path)
    const failedBefore = total.failed
    for (const test of suite.assertionResults) {
      const title = `${step}: ${path}: ${test.fullName}`
      if (test.status === 'passed') add('passed')
      else if (test.status === 'failed') add('failed', title)
      else if (mustRun) add('failed', `${title} (skipped)`)
      else add('skipped')
    }
    // A file that could not be loaded, or whose hooks failed, has no failed test of its own.
    if (suite.status === 'failed' && total.failed === failedBefore) add('failed', `${step}: ${path}: ${suite.message}`)
  }
  if (total.failed > before.failed) return
  if (code !== '0') add('failed', `${step}: exit code ${code}, though no test failed`)
  else if (total.passed === before.passed) add('failed', `${step}: no test was run`)
}

function add(kind, failure) {
  total[kind]++
  if (kind === 'failed') console.log(`FAILED ${failure}`)
}

function read(name) {
  try {
    return readFileSync(join(folder, name), 'utf8')
  } catch {
    return undefined
  }
}
