import { execFile } from 'node:child_process'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { detect, ingest, type Parser } from '@flowferry/core'
import { formats } from '@flowferry/core/formats'
import { memoryObject, memorySink, memorySource } from '@flowferry/core/testing'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { rows, type Variant, variants } from './causes.ts'
import { clientPort, flags, flowLines, interfaceOf, legsAt, trailRecords } from './read.ts'
import { accepted, all, evidenceOf, late, rejected, signatures } from './signatures.ts'
import { type World, world } from './world.ts'

// Worlds are many, and machines may be busy.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const quiet = { noise: 40 }
const inTurn: World[] = []

beforeAll(() => {
  for (let seed = 0; seed < rows.length * variants.length; seed++) inTurn.push(world(seed, { noise: 20 }))
})

const variantsOf = (row: (typeof rows)[number]) => row.variants ?? variants
/** The fullest of a row: both sides, else the side that can be logged. */
const fullest = (row: (typeof rows)[number]): Variant => variantsOf(row)[0]!

function firstWorld(row: string, variant: Variant, fits: (world: World) => boolean): World {
  for (let seed = 0; seed < 200; seed++) {
    const one = world(seed, { row, variant, ...quiet })
    if (fits(one)) return one
  }
  throw new Error(`no world of row ${row} fits`)
}

describe('a seed', () => {
  test('gives the same bytes each time, and another seed others', () => {
    const bytes = (seed: number) => world(seed).files.map(({ key, body }) => `${key} ${body.toString('base64')}`)
    expect(bytes(7)).toEqual(bytes(7))
    expect(bytes(7)).not.toEqual(bytes(8))
  })

  test('reaches every row and variant in turn', () => {
    const expected = rows.flatMap((row) => variantsOf(row).map((variant) => `${row.row} ${variant}`))
    expect(new Set(inTurn.map(({ row, variant }) => `${row} ${variant}`))).toEqual(new Set(expected))
  })

  test('of no number, row or variant is refused by name', () => {
    expect(() => world(1, { row: '19' })).toThrow('row: "19" is none of 1, 1a, 2')
    expect(() => world(1, { row: '16', variant: 'both' })).toThrow('row 16 has a-only, v2, accept-only, not "both"')
    expect(() => world(1.5)).toThrow('seed: 1.5 is no whole number')
    expect(() => world(1, { noise: -1 })).toThrow('noise: -1 is no whole number')
  })
})

/** Rows whose records have another's shape, too: a closer word for it, or a reason for it. */
const also: Readonly<Record<string, readonly string[]>> = {
  '1a': ['1'],
  '6': ['1', '1a', '2'],
  '8a': ['8'],
  // The target's own interface is as silent as a silent host's.
  '13': ['9'],
  '15': ['no-fault'],
  // Until it called elsewhere all was well.
  '17': ['no-fault'],
  // UDP goes unlogged where Amazon's DNS answers it.
  '18': ['17'],
}

describe('the records of row', () => {
  test.each(rows.map((row) => [row.row, row] as const))('%s have its signature and no other', (name, row) => {
    for (let seed = 0, tried = 0; tried < 4; seed++) {
      const one = world(seed * 1000 + 17, { row: name, variant: fullest(row), ...quiet })
      if (one.skips) continue
      tried++
      const evidence = evidenceOf(one)
      const found = Object.keys(signatures).filter((other) => signatures[other]!(evidence))
      expect(found, `seed ${one.seed}: ${one.how}, ${one.between}`).toContain(name)
      expect([name, ...(also[name] ?? [])]).toEqual(expect.arrayContaining(found))
    }
  })
})

const ofRow = (row: string) => rows.find((one) => one.row === row)!

describe('what is logged', () => {
  test.each(variants.map((variant) => [variant]))('of variant %s', (variant) => {
    for (const { row } of rows.filter((one) => variantsOf(one).includes(variant))) {
      const one = world(5, { row, variant, noise: 60 })
      const { vpc } = flowLines(one)
      const fields = Object.keys(vpc[0]!)
      expect(fields.length).toBe(variant === 'v2' ? 14 : 38)
      const seen = (address: string) => {
        const id = interfaceOf(one, address)?.networkInterfaceId
        return vpc.some((line) => line['interface-id'] === id)
      }
      if (variant === 'a-only') expect(seen(one.b)).toBe(false)
      if (variant === 'b-only') expect(seen(one.a)).toBe(false)
      if (variant === 'accept-only') expect(vpc.filter(rejected)).toEqual([])
      if (variant === 'both' && one.cause !== 'cannot-tell') expect([seen(one.a), seen(one.b)]).toEqual([true, true])
    }
  })

  test('are windows without a gap, from the first second to the last', () => {
    for (const row of ['1', '8', '12', 'no-fault']) {
      const one = world(3, { row, variant: 'both', ...quiet })
      const { vpc } = flowLines(one)
      const silent = vpc.find((line) => line['log-status'] === 'NODATA')!
      const interval = Number(silent.end) - Number(silent.start) + 1
      expect([60, 600]).toContain(interval)
      for (const address of [one.a, one.b]) {
        const id = interfaceOf(one, address)!.networkInterfaceId
        const own = vpc.filter((line) => line['interface-id'] === id)
        let until = Date.parse(one.since) / 1000
        for (const { start, end } of own.toSorted((x, y) => Number(x.start) - Number(y.start))) {
          expect(Number(start) - until).toBeLessThan(2 * interval + late)
          until = Math.max(until, Number(end))
        }
        expect(Date.parse(one.until) / 1000 - until).toBeLessThan(2 * interval + late)
      }
    }
  })

  test('of others is never of A to B:P', () => {
    const { seed } = firstWorld('2', 'both', ({ skips }) => !skips)
    const ports = (noise: number) => {
      const one = world(seed, { row: '2', variant: 'both', noise })
      const { vpc } = flowLines(one)
      const { req, rep } = legsAt(one, vpc, one.a)
      return { ports: new Set([...req, ...rep].map((line) => clientPort(one, line))), lines: vpc.length }
    }
    const loud = ports(600)
    expect(loud.ports).toEqual(ports(0).ports)
    expect(loud.lines).toBeGreaterThan(2000)
  })

  test('comes to S3 after it happened, some of it much later', () => {
    const delays = Array.from({ length: 6 }, (_, seed) => world(seed, quiet).files)
      .flat()
      .filter(({ key }) => key.includes('/vpcflowlogs/'))
      .map(({ key, lastModified }) => {
        const [, day, time] = /_(\d{8})T(\d{4})Z_/.exec(key)!
        const named = `${day!.replace(/(....)(..)(..)/, '$1-$2-$3')}T${time!.replace(/(..)(..)/, '$1:$2')}:00Z`
        return (lastModified.getTime() - Date.parse(named)) / 1000
      })
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(300)
    const one = world(0, quiet)
    const latest = Math.max(...one.files.map(({ lastModified }) => lastModified.getTime()))
    expect(latest).toBeGreaterThan(Date.parse(one.until))
  })
})

describe('a change', () => {
  const changed = (row: string) => firstWorld(row, fullest(ofRow(row)), ({ change }) => change !== undefined)

  test.each([['1'], ['2'], ['3'], ['5'], ['6'], ['8'], ['8a'], ['12'], ['13'], ['17']])(
    'of row %s stands in CloudTrail, seconds before',
    (row) => {
      const one = changed(row)
      const { change, onset } = one
      const own = trailRecords(one).find(({ eventID }) => eventID === change!.eventID)!
      expect(own).toMatchObject({ eventName: change!.eventName, eventTime: change!.eventTime })
      expect(own.errorCode).toBeUndefined()
      if (change!.resource !== one.told.interfaces[0]!.networkInterfaceId && row !== '5')
        expect(JSON.stringify(own.requestParameters)).toContain(change!.resource)
      const before = (Date.parse(onset!) - Date.parse(change!.eventTime)) / 1000
      expect(before).toBeGreaterThanOrEqual(1)
      expect(before).toBeLessThanOrEqual(3)
    },
  )

  test('is among others that IAM refused or that are elsewhere', () => {
    const one = changed('1')
    const others = trailRecords(one).filter(({ eventID }) => eventID !== one.change!.eventID)
    expect(others.filter(({ errorCode }) => errorCode === 'Client.UnauthorizedOperation')).toHaveLength(2)
    expect(others.length).toBeGreaterThan(4)
  })

  /** What the target saw, from the onset on, of connections that were there before it. */
  const longAfter = (how: string) => {
    const one = firstWorld('1', 'both', (some) => some.how === how && some.onset !== undefined && !some.skips)
    const { req } = legsAt(one, flowLines(one).vpc, one.b)
    const onset = Date.parse(one.onset!) / 1000
    const before = new Set(req.filter(({ start }) => Number(start) < onset).map(({ srcport }) => srcport))
    const after = req.filter((line) => before.has(line.srcport) && Number(line.start) >= onset)
    return { after, surely: after.filter((line) => Number(line.start) > onset + late) }
  }

  test('of a security group leaves the connections that it tracks', () => {
    const { after, surely } = longAfter('security group')
    expect(all(after, accepted)).toBe(true)
    expect(surely.length).toBeGreaterThan(3)
  })

  test.each([['network ACL'], ['security group, connections untracked']])('of a %s cuts them', (how) => {
    const { after, surely } = longAfter(how)
    expect(all(after.filter(rejected), (line) => (flags(line) & 2) === 0)).toBe(true)
    expect(surely.filter(accepted)).toEqual([])
  })
})

describe('alternatives', () => {
  const of = (row: string, variant: Variant) => firstWorld(row, variant, () => true).alternatives.toSorted()

  test('are none where both sides and all fields are logged, but where nothing tells', () => {
    for (const { row, cause } of rows.filter((one) => variantsOf(one).includes('both'))) {
      const one = firstWorld(row, 'both', ({ how }) => !how.includes('no new connection'))
      expect(one.alternatives).toEqual(cause === 'slow' ? ['no-fault'] : [])
    }
  })

  test('are those that the table has, where evidence is taken away', () => {
    const unanswered = ['blocked-at-target', 'lost-on-the-way', 'no-answer', 'reply-blocked-at-target', 'reply-lost']
    expect(of('9', 'a-only')).toEqual(unanswered.filter((cause) => cause !== 'no-answer'))
    expect(of('4', 'b-only')).toEqual(['reply-lost'])
    expect(of('12', 'b-only')).toEqual(['reply-blocked-at-source'])
    expect(of('11', 'a-only')).toEqual(['refused', 'reset-by-middlebox'])
    expect(of('8', 'accept-only')).toEqual(['blocked-at-target'])
    expect(of('5', 'v2')).toContain('blocked-at-target')
    expect(of('17', 'accept-only')).toEqual(['blocked-at-source'])
    expect(firstWorld('11a', 'accept-only', ({ between }) => between === 'nat').alternatives).toContain('refused')
  })
})

describe('write.mjs', () => {
  let folder = ''
  temporaryFolder((made) => {
    folder = made
  })

  test('writes a world, and what is wrong in it', async () => {
    const command = fileURLToPath(new URL('write.mjs', import.meta.url))
    await promisify(execFile)(process.execPath, [command, '9', folder, '1', 'v2'])
    const { files, flowLogs, ...truth } = world(9, { row: '1', variant: 'v2' })
    expect(JSON.parse(await readFile(join(folder, 'truth.json'), 'utf8'))).toEqual({
      ...truth,
      flowLogs: flowLogs.after.flowLogs,
    })
    for (const { key, body, lastModified } of files) {
      expect(await readFile(join(folder, 'logs', key))).toEqual(body)
      expect((await stat(join(folder, 'logs', key))).mtime).toEqual(lastModified)
    }
  })
})

describe('what EC2 says of the flow logs behind the span', () => {
  /** By the interface that a line is of, what covers it: a flow log of its own, of its subnet or of its VPC. */
  const covering = ({ told, flowLogs }: World, id: string | undefined) => {
    const at = told.interfaces.find(({ networkInterfaceId }) => networkInterfaceId === id)
    return flowLogs.after.flowLogs.filter(
      ({ resourceId }) => at && [at.networkInterfaceId, at.subnetId, at.vpcId].includes(resourceId),
    )
  }

  test('each line is of one flow log, with its fields, and where that is of ACCEPT, no REJECT', () => {
    for (const one of inTurn)
      for (const line of flowLines(one).vpc) {
        const [flowLog, second] = covering(one, line['interface-id'])
        expect(second).toBeUndefined()
        expect(flowLog?.logFormat).toBe(
          Object.keys(line)
            .map((name) => `\${${name}}`)
            .join(' '),
        )
        if (line.action === 'REJECT') expect(flowLog?.trafficType).toBe('ALL')
      }
  })

  test('an interface without a line has no flow log', () => {
    let silent = 0
    for (const one of inTurn) {
      const logged = new Set(flowLines(one).vpc.map((line) => line['interface-id']))
      for (const { networkInterfaceId } of one.told.interfaces) {
        if (logged.has(networkInterfaceId)) continue
        silent++
        expect(covering(one, networkInterfaceId)).toEqual([])
      }
    }
    expect(silent).toBeGreaterThan(100)
  })

  test('the files have the id of one that is described', () => {
    for (const { files, flowLogs } of inTurn) {
      const ids = new Set(flowLogs.after.flowLogs.map(({ flowLogId }) => flowLogId))
      const named = files.flatMap(({ key }) => /_(fl-[0-9a-f]+)_/.exec(key)?.[1] ?? [])
      expect(named.filter((id) => !ids.has(id))).toEqual([])
    }
  })

  test('of another time, others are described, and what was done since is recorded', () => {
    for (const { flowLogs, since, until } of inTurn.slice(0, 44)) {
      const { after, before, replaced, new: newer, deleted } = flowLogs
      expect(
        [before, replaced].every(({ at }) => at < since) && [after, newer, deleted].every(({ at }) => at > until),
      ).toBe(true)
      expect(before.flowLogs).toEqual(after.flowLogs)
      const ids = new Set(after.flowLogs.map(({ flowLogId }) => flowLogId))
      for (const other of [replaced, newer, deleted]) {
        expect(other.flowLogs.some(({ flowLogId }) => ids.has(flowLogId))).toBe(false)
        const text = trailRecords({ files: other.trail }).map(({ eventName }) => eventName)
        expect(text).toContain('DeleteFlowLogs')
      }
    }
  })
})

test('flowferry reads all files of 40 worlds, and knows every field', async () => {
  const parser = detect(await Promise.all(Object.values(formats).map((load): Promise<Parser<unknown>> => load())))
  const kinds = new Set<string>()
  for (let seed = 0; seed < 40; seed++) {
    const { files } = world(seed, quiet)
    const source = files.flatMap((file) => memorySource(memoryObject(file)))
    const report = await ingest({ source, parser, sink: memorySink() })
    expect(report.counts.malformed).toBe(0)
    expect(report.counts.read).toBe(report.counts.written)
    for (const object of report.messages.flatMap(({ objects }) => objects)) {
      expect(object.error).toBeUndefined()
      expect(object.unknownFields).toEqual({})
      for (const kind of object.kinds) kinds.add(kind)
    }
  }
  expect([...kinds].toSorted()).toEqual(['cloudtrail', 'transitgateway', 'vpcflow'])
})
