import {
  type Answer,
  type DailyQuestion,
  dailyQuestions,
  flows,
  type Row,
  type Span,
  tellAnswer,
} from '@flowferry/answers'
import type { CallToolResult } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { spanOf } from '../times.ts'
import { withoutSecrets } from './from-logs.ts'
import type { Logs } from './logs.ts'
import { nothing, replyOf, replySchema } from './reply.ts'
import { limitInput, mostRows, portInput, type Registered, spanInput, tool } from './tool.ts'

const hour = 3_600_000
const day = 24 * hour

/** `ask`, `flows` and `changes`: what can be asked beside `why`. */
export function questionTools(logs: Logs): Registered[] {
  return [askTool(logs), flowsTool(logs), changesTool(logs)]
}

const output = replySchema.extend({
  question: z.string(),
  columns: z.array(z.looseObject({ name: z.string(), heading: z.string() })),
})

const named = (name: string): DailyQuestion => dailyQuestions.find((question) => question.name === name)!

/** An archive does not tell how documents came to a store. */
const canBeAsked = ({ isArchive }: Logs) =>
  dailyQuestions.filter((question) => !isArchive || 'over' in question || question.reads !== undefined)

const readsArchive = ({ isArchive }: Logs): string =>
  isArchive ? ' It reads an archive on S3, which may take minutes: keep the span short.' : ''

const askTool = (logs: Logs) =>
  tool({
    name: 'ask',
    title: 'A question of every day',
    description: `One of these questions, answered with rows.${readsArchive(logs)}\n${canBeAsked(logs)
      .map(({ name, title, formats }) => `${name}: ${title}${formats.length > 0 ? ` (${formats.join(', ')})` : ''}`)
      .join('\n')}`,
    input: z.strictObject({
      question: z.enum(canBeAsked(logs).map(({ name }) => name)),
      ...spanInput('a day'),
      own: z
        .array(z.string())
        .max(64)
        .optional()
        .describe('Blocks of your own addresses: 10.0.0.0/8. Default: private addresses'),
      limit: limitInput,
    }),
    output,
    holdsLogs: true,
    run: async ({ question, own, limit, ...times }, signal) => {
      const span = spanOf(times, day, undefined, '')
      return answered(logs, named(question), span, { limit, ...(own && { own }) }, signal)
    },
  })

const block = 'an address or a block: 10.0.3.7, 10.0.0.0/8, 2001:db8::/32. why knows names and ids, this does not'

const flowsTool = (logs: Logs) =>
  tool({
    name: 'flows',
    title: 'Flow records',
    description: `Records of VPC Flow Logs of one address or block, or between two, both ways: who, which port, flags, bytes, accepted or rejected, at which interface.${readsArchive(logs)}`,
    input: z.strictObject({
      a: z.string().describe(`One side: ${block}`),
      b: z.string().optional().describe('The other side, likewise. Default: any'),
      port: portInput.optional().describe('A port of either side. Default: any'),
      action: z.enum(['accept', 'reject']).optional().describe('Default: both'),
      interface: z.string().optional().describe('The interface that wrote them: eni-… Default: any'),
      first: z.enum(['newest', 'oldest']).default('newest').describe('Which come first'),
      ...spanInput('an hour'),
      limit: limitInput,
    }),
    output,
    holdsLogs: true,
    run: async ({ a, b, port, action, interface: id, first, limit, ...times }, signal) => {
      const question = flows({
        a,
        first,
        ...(b !== undefined && { b }),
        ...(port !== undefined && { port }),
        ...(action && { action }),
        ...(id !== undefined && { interface: id }),
      })
      return answered(logs, question, spanOf(times, hour, undefined, ''), { limit }, signal, first)
    },
  })

const changesTool = (logs: Logs) =>
  tool({
    name: 'changes',
    title: 'Who changed the network',
    description:
      'Calls in CloudTrail that changed what reaches what (security groups, network ACLs, routes, gateways, peering, endpoints, load balancers, DNS): who, when, from where, and what was asked for. The newest first. Users, roles and policies: ask iam-changes.',
    input: z.strictObject({ ...spanInput('a day'), limit: limitInput }),
    output,
    holdsLogs: true,
    run: async ({ limit, ...times }, signal) =>
      answered(logs, named('network-changes'), spanOf(times, day, undefined, ''), { limit }, signal, 'newest'),
  })

/** @param first In which order of time the rows come. @default they have another */
async function answered(
  { ask, isArchive }: Logs,
  question: DailyQuestion,
  span: Span,
  { limit, own }: { readonly limit: number; readonly own?: readonly string[] },
  signal: AbortSignal,
  first?: 'newest' | 'oldest',
): Promise<CallToolResult> {
  // One more tells whether there are more.
  const { rows, ...rest } = await ask(question, span, { limit: limit + 1, ...(own && { own }) }, signal)
  const { approximate, partial } = rest
  const columns = Object.entries(question.columns).map(([name, column]) => ({ name, ...column }))
  return replyOf({
    span,
    own: { question: question.name, columns, approximate },
    words: [
      question.title,
      ...(rows.length === 0 ? [isArchive ? 'No record in this span fits' : nothing] : []),
      ...(partial ? ['It is not the whole answer: partial, under fromLogs, says why'] : []),
    ],
    fromLogs: { ...(partial && { partial: partial.why }), rows: withoutSecrets(rows.slice(0, limit)) },
    lists: ['rows'],
    ...(rows.length > limit && { left: `${limit} rows are shown, and there are more` }),
    more: (shown) => moreOf(shown.rows as Answer['rows'], span, first),
    tell: (shown) => tellAnswer(question, span, { ...rest, rows: shown.rows as Answer['rows'] }),
  })
}

/** Rows in the order of time go on where these end. Several may be of one moment. */
function moreOf(rows: Answer['rows'], span: Span, first: 'newest' | 'oldest' | undefined): string {
  const usual = `a shorter span, or a higher limit, up to ${mostRows}`
  const times = [rows[0], rows.at(-1)].map((row: Row | undefined) => Date.parse(String(row?.['@timestamp'])))
  const [begin = Number.NaN, end = Number.NaN] = times
  if (first === undefined || Number.isNaN(end) || begin === end) return usual
  const [name, time] = first === 'newest' ? ['until', end + 1] : ['since', end]
  const other = first === 'newest' ? `since ${span.from}` : `until ${span.to}`
  return `${other} and ${name} ${new Date(time).toISOString()}, which begins with those of the last moment again`
}
