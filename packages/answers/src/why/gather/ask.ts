/** The questions' common parts. */
import type { LogDocument } from '@flowferry/core'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import type { Store } from '../../answer.ts'
import type { DocumentsQuestion, Filter, Span } from '../../question.ts'

export const mostFlows = 20_000
export const mostOthers = 1000

export const touches = (address: string): Filter => ({ field: 'related.ip', equals: address })
export const is = (field: string, equals: string | number): Filter => ({ field, equals })

export function flowQuestion(span: Span, filters: readonly Filter[]): DocumentsQuestion {
  return { kind: 'documents', formats: vpcFlow.formats, span, filters, limit: mostFlows }
}

export const documentsOf = async (ask: Store['ask'], question: DocumentsQuestion): Promise<LogDocument[]> =>
  (await ask(question)).rows.map((row) => ({ ...row }))

/** What a record tells of its interface. */
export const about = {
  id: 'aws.vpcflow.interface_id',
  type: 'aws.vpcflow.interface_type',
  subnet: 'aws.vpcflow.subnet_id',
  vpc: 'aws.vpcflow.vpc_id',
  instance: 'cloud.instance.id',
} as const

export const text = (value: unknown): string | undefined =>
  value === null || value === undefined ? undefined : String(value)
