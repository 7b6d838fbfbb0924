import type { Format } from '@flowferry/core'
import { isIt } from '@flowferry/core/internal'
import { z } from 'zod'
import { UsageError } from '../io.ts'
import { fitted } from './from-logs.ts'
import type { Logs, NamedFormat } from './logs.ts'
import { tool } from './tool.ts'

/** Which logs are known, and what the fields of one mean. It asks no store. */
export const formatsTool = ({ formats, isArchive }: Logs) =>
  tool({
    name: 'formats',
    title: 'Formats and their fields',
    description: `Which logs are known: ${formats.map(({ name }) => name).join(', ')}. With format: its fields, by the names that rows have, with their types and what AWS says of them.${
      isArchive ? '' : ' Which of them the store holds, and how far: ask health.'
    }`,
    input: z.strictObject({
      format: z.string().optional().describe('vpc-flow, or its dataset: aws.vpcflow. Default: all, without fields'),
    }),
    output: z.looseObject({
      formats: z.array(z.looseObject({ name: z.string(), dataset: z.string(), title: z.string() })),
      cut: z.string().nullable(),
    }),
    holdsLogs: false,
    run: async ({ format: wanted }) => {
      const found = formats.filter(({ name, format }) => [undefined, name, format.dataset].includes(wanted))
      if (found.length === 0) {
        const names = formats.flatMap(({ name, format }) => [name, format.dataset])
        throw new UsageError(`There is no format "${wanted}"${isIt(wanted!, names) || `: ${names.join(', ')}`}`)
      }
      const all = found.map(about)
      const fields = wanted === undefined ? [] : found.flatMap(({ format }) => fieldsOf(format))
      const { fromLogs: shown, left } = fitted({ formats: all, ...(wanted !== undefined && { fields }) }, ['fields'])
      const cut = left.length === 0 ? null : `${left.join('; ')} are shown: docs/formats has them all`
      const text = [
        ...all.map(({ name, dataset, title }) => `${name} (${dataset}): ${title}`),
        ...((shown.fields ?? []) as ReturnType<typeof fieldsOf>).map(
          ({ field, type, description }) => `${field}, ${type}: ${description}`,
        ),
        ...(cut === null ? [] : [`Cut: ${cut}`]),
      ]
      return { structuredContent: { ...shown, cut }, content: [{ type: 'text', text: text.join('\n') }] }
    },
  })

const about = ({ name, format: { dataset, title } }: NamedFormat) => ({ name, dataset, title })

/** A line for each field of the documents. */
function fieldsOf({ fields, mapping, aliases = {} }: Format) {
  return fields.flatMap(({ name, targets, description }) =>
    targets.map((field) => ({
      field,
      type: mapping[field]?.type ?? `another name of ${aliases[field]?.path ?? field}`,
      from: name,
      description,
    })),
  )
}
