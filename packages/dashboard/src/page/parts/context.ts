import type { Span } from '@flowferry/answers'
import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import type { Start } from '../../api.ts'
import { type Anchor, hashOf, type Route } from '../route.ts'

/** What every part of the page knows. */
export interface Here {
  readonly start: Start
  readonly route: Route
  readonly anchor: Anchor
  readonly span: Span
  /** What the span means to a request. */
  readonly within: { readonly since: string; readonly until: string }
  /** Says something to those who hear the page. */
  readonly say: (text: string) => void
}

export const HereContext = createContext<Here | undefined>(undefined)

export function useHere(): Here {
  const here = useContext(HereContext)
  if (!here) throw new Error('No page is around this part')
  return here
}

/** The address of another page, with the span and the zone of this one. */
export function toPage(
  { route }: Here,
  page: string,
  given: Record<string, string | number | undefined> = {},
  name?: string,
): string {
  const { since, until, local } = route
  const params = Object.fromEntries(
    Object.entries(given).flatMap(([key, value]) => (value === undefined ? [] : [[key, String(value)]])),
  )
  return hashOf({
    page,
    since,
    local,
    is: [],
    with: params,
    ...(until !== undefined && { until }),
    ...(name !== undefined && { name }),
  })
}

/** The address of this page with something else in it. */
export const changed = ({ route }: Here, change: Partial<Route>): string => hashOf({ ...route, ...change })

export const go = (hash: string): void => {
  location.hash = hash
}
