import type { Enrichment } from '@flowferry/core/schema'

export interface Account {
  readonly name: string
  readonly team: string
}

/** Each account's name and team, in every format that knows whose account a record is of. */
export const teams = (accounts: ReadonlyMap<string, Account>): Enrichment => ({
  name: 'teams',
  derived: (derive) => [
    derive(['cloud.account.name', 'labels.team'], ['cloud.account.id'], (id) => {
      const account = accounts.get(id)
      return account && { 'cloud.account.name': account.name, 'labels.team': account.team }
    }),
  ],
})
