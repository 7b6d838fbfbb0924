import { readFile } from 'node:fs/promises'
import { UsageError } from '../io.ts'
import { type Price, type PriceName, type Prices, prices, type Tier } from './prices.ts'

/** A file of `--prices`: those of another region, or of another day. */
interface PricesFile {
  readonly region: string
  readonly checked: string
  readonly source: string
  /** Dollars in the unit that the price has here, or its tiers. What is not named stays as it is. */
  readonly prices: Partial<Record<PriceName, number | readonly Tier[]>>
}

/** The prices of a JSON file over those that come with flowferry. */
export async function pricesFrom(path: string | undefined): Promise<Prices> {
  if (path === undefined) return prices
  const { region, checked, source, prices: given } = checkedFile(path, await contentOf(path))
  const over = Object.entries(given).map(([name, value]): [string, Price] => [
    name,
    { ...prices[name as PriceName], region, checked, source, tiers: tiersOf(path, name, value) },
  ])
  return { ...prices, ...Object.fromEntries(over) }
}

async function contentOf(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'))
  } catch (error) {
    throw new UsageError(`--prices ${path} cannot be read: ${(error as Error).message}`)
  }
}

function checkedFile(path: string, content: unknown): PricesFile {
  const file = content as Partial<PricesFile> | null
  for (const name of ['region', 'checked', 'source'] as const)
    if (typeof file?.[name] !== 'string')
      throw new UsageError(`--prices ${path} has no "${name}": it takes "region", "checked", "source" and "prices"`)
  if (!/^\d{4}-\d\d(?:-\d\d)?$/.test(file!.checked!))
    throw new UsageError(`--prices ${path}: "checked" takes a day as 2026-12-01, not "${file!.checked}"`)
  if (typeof file!.prices !== 'object' || file!.prices === null)
    throw new UsageError(`--prices ${path} has no "prices": it takes { "s3Get": 0.43, … }`)
  for (const name of Object.keys(file!.prices))
    if (!Object.hasOwn(prices, name))
      throw new UsageError(`--prices ${path} has a price "${name}"; it takes ${Object.keys(prices).join(', ')}`)
  return file as PricesFile
}

function tiersOf(path: string, name: string, value: unknown): readonly Tier[] {
  const tiers = (typeof value === 'number' ? [{ dollars: value }] : value) as readonly Tier[]
  if (!Array.isArray(tiers) || tiers.length === 0 || !tiers.every(isTier) || !rises(tiers))
    throw new UsageError(
      `--prices ${path}: "${name}" takes dollars from 0, or [{ "upTo": 10240, "dollars": 0.25 }, …, { "dollars": 0.05 }]`,
    )
  return tiers
}

function isTier(tier: unknown): tier is Tier {
  const { dollars, upTo } = (tier ?? {}) as Partial<Tier>
  return Number.isFinite(dollars) && dollars! >= 0 && (upTo === undefined || Number.isFinite(upTo))
}

function rises(tiers: readonly Tier[]): boolean {
  return tiers.every(({ upTo }, index) =>
    index === tiers.length - 1 ? upTo === undefined : upTo !== undefined && upTo > (tiers[index - 1]?.upTo ?? 0),
  )
}
