import { changeColumns, changesOf } from './changes.ts'
import type { PlainQuestion } from './daily.ts'

/** Services that say who may do what. */
const services = ['iam', 'organizations', 'sso', 'sso-directory', 'identitystore', 'rolesanywhere'].map(
  (service) => `${service}.amazonaws.com`,
)

export const iamChanges: PlainQuestion = {
  name: 'iam-changes',
  title: 'Who changed users, roles and policies',
  formats: ['aws.cloudtrail'],
  columns: changeColumns,
  know: 'Successful calls of IAM, Organizations and Identity Center that do not only read. Policies of single resources, as of a bucket or a key, are changed by calls of their own services.',
  over: (span) => changesOf(services, { not: { field: 'aws.cloudtrail.read_only', equals: true } }, span),
}
