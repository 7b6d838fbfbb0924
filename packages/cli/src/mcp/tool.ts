import type { CallToolResult, McpServer, ToolAnnotations } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { type Io, line } from '../io.ts'
import { failureOf } from './reply.ts'

/** A tool as a client sees it, and what it does. */
export interface Tool<Input extends z.ZodObject> {
  readonly name: string
  readonly title: string
  readonly description: string
  readonly input: Input
  readonly output: z.ZodObject
  /** Whether what strangers wrote may be in its answers. */
  readonly holdsLogs: boolean
  /** @throws where the question cannot be answered; the client gets the error's words */
  readonly run: (input: z.output<Input>, signal: AbortSignal) => Promise<CallToolResult>
}

export type Registered = (server: McpServer, io: Io) => void

/** A tool that only reads. */
export function tool<Input extends z.ZodObject>(definition: Tool<Input>): Registered {
  const { name, title, description, input, output, holdsLogs, run } = definition
  const annotations: ToolAnnotations = {
    readOnlyHint: true,
    destructiveHint: false,
    idempotentHint: true,
    // Clients take it for a sign that an answer may hold what strangers wrote.
    openWorldHint: holdsLogs,
  }
  return (server, io) => {
    const inputSchema: z.ZodObject = input
    const config = { title, description, inputSchema, outputSchema: output, annotations }
    server.registerTool(name, config, async (given, { mcpReq: { signal } }) => {
      try {
        return await run(input.parse(given), signal)
      } catch (error) {
        // Nobody waits for the answer any more.
        signal.throwIfAborted()
        const failure = failureOf(error)
        line(io.stderr, `${name}: ${failure.content[0].text.split('\n')[0]}`)
        return failure
      }
    })
  }
}

const time = 'ISO 8601 in UTC (2026-11-22, 2026-11-22T09:00Z), or before now: -90m, -2h, -7d'

/** The span of a question. */
export const spanInput = (before: string) => ({
  since: z.string().optional().describe(`Records from here on: ${time}. Default: ${before} before until`),
  until: z.string().optional().describe('Records before this, likewise. Default: now'),
})

export const portInput = z.int().min(0).max(65_535)

/** Rows that an answer has unless more are asked for, and at most. */
const usualRows = 50
export const mostRows = 500
export const limitInput = z.int().min(1).max(mostRows).default(usualRows).describe('Most rows')
