import { cloudFrontFile } from './cloudfront.ts'
import { cloudTrailFile } from './cloudtrail.ts'
import { seeded } from './random.ts'
import type { SampleFile } from './sample-file.ts'
import { vpcFlowFile } from './vpc-flow.ts'
import { world } from './world.ts'

/** Flow logs and CloudTrail are delivered every five minutes or so. */
const windowMilliseconds = 5 * 60_000

/**
 * An hour of a small shop on AWS: web servers before an API, orders and payments behind it, a database, a cache; viewers
 * and scanners outside. Always the same bytes for the same seed: 50,000 records in 28 files.
 */
export function generate(seed = 7): SampleFile[] {
  const random = seeded(seed)
  const files: SampleFile[] = []
  for (let step = 0; step < 12; step++) {
    const from = world.start + step * windowMilliseconds
    const to = from + windowMilliseconds
    files.push(vpcFlowFile(random, { from, to, records: 3000 }))
    files.push(cloudTrailFile(random, { from, to, records: 500 }))
    if (step % 3 === 0) files.push(cloudFrontFile(random, { from, to: to + 2 * windowMilliseconds, records: 2000 }))
  }
  return files
}
