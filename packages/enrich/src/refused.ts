import { FlowferryError } from '@flowferry/core'

export const refused = (what: string): FlowferryError => new FlowferryError('INVALID_OPTION', what)
