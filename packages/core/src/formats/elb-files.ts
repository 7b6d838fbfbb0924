import { hours, minutes } from '../schema/archive.ts'

/** What AWS writes when one of an application load balancer's logs is turned on: `Enable AccessLog for ELB: app/…`. */
export const skipTestLine = (line: string) =>
  /^Enable (Access|Connection|HealthCheck)Log for ELB:/.test(line) ? 'skip' : undefined

/**
 * Where load balancers' logs lie: those of all kinds in one folder, told apart by their files' names, which have the end of
 * the five minutes that they are of.
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html#access-log-file-format
 *
 * @param begin What comes before the account in a file's name: `conn_log_`
 * @param balancer How the load balancer's part begins: `app\\.`
 * @param test The file that AWS writes when logs are turned on, at the account's folder
 */
export function loadBalancerFiles(begin: string, balancer: string, test?: string) {
  const name = `${begin}\\d{12}_elasticloadbalancing_[a-z0-9-]+_${balancer}`
  const keys = `(^|/)(aws-service=)?elasticloadbalancing/.*/${name}`
  return {
    archive: [{ service: 'elasticloadbalancing', files: new RegExp(`^${name}`), late: hours(1), early: minutes(0) }],
    keys: new RegExp(test === undefined ? keys : `${keys}|(^|/)${test}$`),
  }
}
