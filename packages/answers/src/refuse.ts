import { FlowferryError } from '@flowferry/core'
import { isIt } from '@flowferry/core/internal'

/** `where` is the place in the question: `filters[0].range`. */
export function refused(where: string, why: string): FlowferryError {
  return new FlowferryError('INVALID_OPTION', `${where} ${why}`)
}

/** @throws FlowferryError INVALID_OPTION for a member that is none of these names */
export function requireMembers(object: object, names: readonly string[], where: string): void {
  for (const name of Object.keys(object))
    if (!names.includes(name)) throw refused(where, `takes no member "${name}"${isIt(name, names)}`)
}
