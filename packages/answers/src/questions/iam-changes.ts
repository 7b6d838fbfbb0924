import { changeColumns } from './changes.ts'
import type { PlainQuestion } from './daily.ts'

/** Services that say who may do what. */
const services = ['iam', 'organizations', 'sso', 'sso-directory', 'identitystore', 'rolesanywhere']

export const iamChanges: PlainQuestion = {
  name: 'iam-changes',
  title: 'Who changed users, roles and policies',
  formats: ['aws.cloudtrail'],
  columns: changeColumns,
  know: 'Successful calls of IAM, Organizations and Identity Center that do not only read. Policies of single resources, as of a bucket or a key, are changed by calls of their own services.',
  over: (span) => ({
    kind: 'documents',
    formats: ['aws.cloudtrail'],
    span,
    filters: [
      { field: 'event.outcome', equals: 'success' },
      { field: 'event.provider', oneOf: services.map((service) => `${service}.amazonaws.com`) },
      { not: { field: 'aws.cloudtrail.read_only', equals: true } },
    ],
    fields: Object.keys(changeColumns),
    order: [{ by: '@timestamp', direction: 'desc' }],
  }),
}
