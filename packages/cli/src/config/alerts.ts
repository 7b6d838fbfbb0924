import type { Alert, Filter } from '@flowferry/answers/alerts'
import { UsageError } from '../io.ts'

/** What the config says of alerts. */
export interface AlertsConfig {
  /** Alerts of your own, as `defineAlert()` of `@flowferry/answers/alerts` gives them. @default none */
  readonly add?: readonly Alert[]
  /** Names of those that are not evaluated. @default none */
  readonly off?: readonly string[]
  /** Name to another threshold, above 0. @default the alert's */
  readonly thresholds?: Readonly<Record<string, number>>
  /** Name to filters of records that are known, and do not count; any may fit. @default none */
  readonly except?: Readonly<Record<string, readonly Filter[]>>
}

/**
 * flowferry's alerts and those of the config, without those that are off.
 *
 * @throws UsageError with the file's name, for what is none, and for names of no alert
 */
export async function alertsOf(config: AlertsConfig = {}, file = 'the config'): Promise<readonly Alert[]> {
  const { alerts, defineAlert } = await import('@flowferry/answers/alerts')
  const { isIt } = await import('@flowferry/core/internal')
  const { add = [], off = [], thresholds = {}, except = {} } = config
  for (const [index, alert] of add.entries())
    try {
      defineAlert(alert)
    } catch (error) {
      throw new UsageError(`${file}: alerts.add[${index}]: ${(error as Error).message}`, { cause: error })
    }
  const all = [...alerts, ...add]
  const names = all.map(({ name }) => name)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) throw new UsageError(`${file}: alerts.add has "${twice}", which is there already`)
  for (const [member, given] of Object.entries({
    off,
    thresholds: Object.keys(thresholds),
    except: Object.keys(except),
  }))
    for (const name of given)
      if (!names.includes(name))
        throw new UsageError(`${file}: alerts.${member} names "${name}", which is no alert${isIt(name, names)}`)
  for (const [name, value] of Object.entries(thresholds))
    if (!(typeof value === 'number' && value > 0 && value < Number.POSITIVE_INFINITY))
      throw new UsageError(`${file}: alerts.thresholds.${name} takes a number above 0`)
  return all.filter(({ name }) => !off.includes(name))
}
