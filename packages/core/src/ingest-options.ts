import { sharedBudget } from './budget.ts'
import type { IngestOptions } from './ingest.ts'
import { has, requireNamespace, requireOneOf, requireOption, requirePositive } from './options.ts'

/** The options with their defaults; throws INVALID_OPTION. */
export function checkIngestOptions<T>(options: IngestOptions<T>) {
  requireOption(typeof options === 'object' && options !== null, 'options', options, '{ source, parser, sink }')
  const { source, parser, sink, filter, enrich, onObject, deadRecords, deadline, signal } = options
  const { concurrency = 4, batchBytes = 1024 * 1024, batchSeconds = 1, budget = sharedBudget } = options
  const { malformedShare = 0.1, namespace = 'default', keepReports = 'all', eventOriginal = false } = options
  const isSource = has(source, Symbol.iterator) || has(source, Symbol.asyncIterator)
  requireOption(isSource && typeof source !== 'string', 'source', source, 'messages: s3Objects(event, { s3 })')
  requireOption(has(parser, 'parse'), 'parser', parser, 'a parser, or detect([…]) of several')
  requireOption(has(sink, 'write'), 'sink', sink, 'a sink, an object with `write`')
  for (const [name, step] of Object.entries({ filter, enrich, onObject }))
    requireOption(step === undefined || typeof step === 'function', name, step, 'a function')
  requireOption(
    deadRecords === undefined || has(deadRecords, 'write'),
    'deadRecords',
    deadRecords,
    'what deadIndex or another function gives: a `write`',
  )
  requireOption(has(budget, 'tryTake', 'take', 'give'), 'budget', budget, 'what byteBudget gives')
  requireOption(
    deadline === undefined || has(deadline, 'getRemainingTimeInMillis'),
    'deadline',
    deadline,
    "Lambda's context: a getRemainingTimeInMillis",
  )
  requireOption(signal === undefined || has(signal, 'addEventListener'), 'signal', signal, 'an AbortSignal')
  requirePositive('concurrency', concurrency)
  requirePositive('batchBytes', batchBytes)
  requirePositive('batchSeconds', batchSeconds)
  const isShare = typeof malformedShare === 'number' && malformedShare >= 0 && malformedShare <= 1
  requireOption(isShare, 'malformedShare', malformedShare, 'a number from 0 to 1')
  requireOneOf('keepReports', keepReports, ['all', 'failed'])
  requireOption(typeof eventOriginal === 'boolean', 'eventOriginal', eventOriginal, 'true or false')
  requireNamespace(namespace)
  return {
    ...options,
    concurrency,
    batchBytes,
    batchSeconds,
    budget,
    malformedShare,
    namespace,
    keepReports,
    eventOriginal,
  }
}
