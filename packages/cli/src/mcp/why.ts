import { causes, certainties, type TargetsAnswer, type WhyAnswer } from '@flowferry/answers/why'
import { z } from 'zod'
import { targetOf, tellWhy, type WhyAnswered } from '../commands/why.ts'
import { spanOf } from '../times.ts'
import type { Logs } from './logs.ts'
import { type Found, nothing, replyOf, replySchema } from './reply.ts'
import { portInput, spanInput, tool } from './tool.ts'

const hour = 3_600_000

/** Why A does not reach B; without B, which targets of A fail. */
export const whyTool = (logs: Logs) =>
  tool({
    name: 'why',
    title: 'Why A does not reach B',
    description: `The cause by which connections of A to B fail (time out, are refused or reset), how sure it is, the flow records that show it, what is ruled out, what cannot be told, and the network changes before it.${
      logs.isArchive
        ? ' It reads an archive on S3, which may take minutes: keep the span to an hour or two.'
        : ' Without b: which targets of A fail.'
    } Say what certainty says: "certain" and "high" may be stated, "medium" and "consistent-with" are guesses that need the next step, "cannot-tell" is no answer. A change before is not said to have caused it.`,
    input: z.strictObject({
      a: z.string().min(1).describe('The client: an address, eni-…, i-…, or a name of the snapshot of interfaces'),
      b: logs.isArchive ? targetInput : targetInput.optional(),
      port: portInput.min(1).optional().describe("B's port. Default: the one that fails"),
      ...spanInput('an hour'),
    }),
    output: replySchema.extend({
      verdict: z
        .looseObject({
          cause: z.enum(causes).optional(),
          alternatives: z.array(z.string()).optional().describe('Causes that these records cannot tell from it'),
          certainty: z.enum(certainties),
        })
        .describe('Without b it has no cause, but how many targets there are and how many answer'),
    }),
    holdsLogs: true,
    run: async ({ a, b, port, ...times }, signal) => {
      const { from, to } = spanOf(times, hour, undefined, '')
      const target = b === undefined ? undefined : port === undefined ? targetOf(b) : { b, port }
      const answered = await logs.why({ a, ...(target && { target }), since: from, until: to }, signal)
      const text = await tellWhy(answered.answer)
      return replyOf({ span: { from, to }, ...foundIn(answered), tell: () => text })
    },
  })

const targetInput = z.string().min(1).describe('The target, likewise; its port stands in port, or as 10.0.9.12:5432')

function foundIn({ answer, archive }: WhyAnswered): Omit<Found, 'span' | 'tell'> {
  const found = 'failing' in answer ? ofTargets(answer) : ofPair(answer)
  const seen = 'failing' in answer ? answer.targets.all : answer.tries.all
  return {
    ...found,
    words: [...found.words, ...(seen === 0 && !archive ? [nothing] : [])],
    fromLogs: { ...found.fromLogs, ...(archive && { archive }) },
  }
}

function ofPair({ cause, alternatives, certainty, tries, onset, completeUntil, ...rest }: WhyAnswer) {
  const { sentence, pairs, evidence, changes, ruledOut, cannotTell, assumptions, others, next, verify } = rest
  return {
    own: {
      verdict: {
        cause,
        alternatives,
        certainty,
        tries,
        ...(onset !== undefined && { onset }),
        ...(completeUntil !== undefined && { completeUntil }),
      },
    },
    words: [
      `Cause: ${cause}; certainty: ${certainty}`,
      ...(alternatives.length > 0 ? [`Would look the same: ${alternatives.join(', ')}`] : []),
      `${tries.failed} of ${tries.all} connections failed${onset === undefined ? '' : `, the first at ${onset}`}`,
      `Complete until: ${completeUntil ?? 'not known'}`,
    ],
    fromLogs: { sentence, changes, ruledOut, cannotTell, assumptions, others, next, verify, pairs, evidence },
    lists: ['evidence', 'pairs', 'changes', 'cannotTell', 'assumptions', 'ruledOut'],
    more: () => 'flows with the same a, b, port and span, which has every record in short',
  }
}

/** Of each target its diagnosis in short: `why` of the pair has the whole. */
function ofTargets({ certainty, targets, failing, completeUntil, ...rest }: TargetsAnswer) {
  const { a, name, sentence, common, cannotTell } = rest
  return {
    own: { verdict: { certainty, targets, ...(completeUntil !== undefined && { completeUntil }) } },
    words: [
      `${failing.length} of ${targets.all} targets fail; certainty: ${certainty}`,
      `Complete until: ${completeUntil ?? 'not known'}`,
      'For the records of one of them: why with its b and port',
    ],
    fromLogs: {
      sentence,
      a,
      ...(name !== undefined && { name }),
      common,
      cannotTell,
      failing: failing.map(({ diagnosis, ...target }) => ({
        ...target,
        ...(diagnosis && {
          cause: diagnosis.cause,
          certainty: diagnosis.certainty,
          sentence: diagnosis.sentence,
          onset: diagnosis.onset ?? null,
        }),
      })),
    },
    lists: ['failing', 'cannotTell', 'common'],
    more: () => 'a shorter span, or why with one b',
  }
}
