import { duckdbStore } from '@flowferry/answers/duckdb'
import { ingested } from '@flowferry/core'
import { vpcFlow } from '@flowferry/core/formats/vpc-flow'
import { duckdb } from '@flowferry/sink-duckdb'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { behind, call, fired, flow, now, parser, worlds, write } from '../../test/alerts/scenarios.ts'
import type { Store } from '../answer.ts'
import { isoDate } from '../values.ts'
import { type Alert, defineAlert } from './alert.ts'
import { rootUsed } from './audit.ts'
import { type EvaluateOptions, evaluate } from './evaluate.ts'
import { flowLogGap } from './flow-log-gap.ts'
import { alerts } from './index.ts'
import { ownRejects, portScan, replyRejected } from './network.ts'
import { type AlertsState, readState } from './state.ts'
import { tellAlerts } from './tell.ts'

type Name = keyof typeof worlds
const stores = new Map<Name, Store>()
const sinks: Awaited<ReturnType<typeof duckdb>>[] = []
beforeAll(async () => {
  for (const [name, world] of Object.entries(worlds)) {
    const sink = await duckdb()
    sinks.push(sink)
    await write(world, sink)
    stores.set(name as Name, duckdbStore({ connection: sink.connection, formats: parser.formats }))
  }
}, 60_000)
afterAll(() => Promise.all(sinks.map((sink) => sink.close())))

const run = (name: Name, more = {}) =>
  evaluate(stores.get(name)!, alerts, { now, formats: parser.formats, ...worlds[name].options, ...more })

describe('each alert', () => {
  it('fires on its scenario, and says who or what', async () => {
    const { findings, evaluations, partial } = await run('fires')
    expect(partial).toBeUndefined()
    expect(evaluations.filter(({ status }) => status !== 'whole')).toEqual([])
    expect(findings.map(({ alert, who }) => [alert, ...Object.values(who)])).toEqual(fired)
    expect(findings.every(({ status }) => status === 'fired')).toBe(true)
    const names = new Set(fired.map(([name]) => name))
    expect([...names, ...behind].sort()).toEqual(alerts.map(({ name }) => name).sort())
  })

  it('is silent on what looks like it', async () => {
    const { findings, partial } = await run('silent')
    expect(partial).toBeUndefined()
    expect(findings).toEqual([])
  })

  it('fires on it again without what excuses it', async () => {
    const { findings } = await run('silent', { except: {} })
    expect(findings.map(({ alert, who }) => [alert, ...Object.values(who)])).toEqual([
      ['own-rejects', 'eni-1b', '10.1.0.8', 22],
      ['service-unanswered', '10.2.8.9', 443],
      ['reply-rejected', 'eni-3f', '10.3.0.8', 443],
      ['port-scan', '10.1.9.9'],
      [
        'credentials-created',
        '123456789012',
        'arn:aws:sts::123456789012:assumed-role/onboarding/session',
        'onboarding',
        'newcomer',
        'CreateLoginProfile',
      ],
    ])
    const sink = await duckdb()
    const { flows, requests, calls } = worlds.silent
    const excuses = /Terminate|DeleteNetworkInterface|CreateInvalidation|CreateFlowLogs|CreateTrail/
    await write({ flows, requests, calls: calls.filter((one) => !excuses.test(JSON.stringify(one))) }, sink)
    const store = duckdbStore({ connection: sink.connection, formats: parser.formats })
    const options = { now, formats: parser.formats, ...worlds.silent.options }
    const without = await evaluate(store, alerts, options)
    await sink.close()
    expect(
      without.findings.map(({ alert, numbers }) => [alert, numbers.names ?? numbers.calls ?? numbers.hits]),
    ).toEqual([
      ['flow-log-gap', ['eni-08', 'eni-0d']],
      ['logging-stopped', 1],
      ['logging-stopped', 1],
      ['logging-stopped', 1],
      ['cdn-hit-ratio', 0.3],
    ])
  })

  it('of logs that come no more fires, unless few came', async () => {
    const told = async (name: Name) =>
      (await run(name)).findings.filter(({ alert }) => (behind as readonly string[]).includes(alert))
    expect((await told('stopped')).map(({ alert, who }) => [alert, who.dataset])).toEqual([
      ['flow-logs-behind', 'aws.vpcflow'],
      ['cloudtrail-behind', 'aws.cloudtrail'],
      ['cloudfront-behind', 'aws.cloudfront_logs'],
    ])
    expect(await told('rare')).toEqual([])
  })
})

describe('one evaluation after the other', () => {
  let sink: Awaited<ReturnType<typeof duckdb>>
  let store: Store
  beforeEach(async () => {
    sink = await duckdb()
    store = duckdbStore({ connection: sink.connection, formats: parser.formats })
  })
  afterEach(() => sink.close())

  const start = Date.parse('2026-11-22T12:00:00Z')
  const minute = 60_000
  const time = (minutes: number) => isoDate(start + minutes * minute)
  const seconds = (minutes: number) => start / 1000 + minutes * 60
  const root = { type: 'Root', accountId: '123456789012', arn: 'arn:aws:iam::123456789012:root' }
  const reads = (minutes: number) => call('s3:GetObject', seconds(minutes), { type: 'AWSService' }, { readOnly: true })
  const scan = (minutes: number, ports = 120) =>
    Array.from({ length: ports }, (_, n) =>
      flow({
        eni: 'eni-4a',
        from: '10.4.0.6',
        to: '10.4.1.9',
        ports: [44_000, 1 + n],
        end: seconds(minutes),
        reject: true,
      }),
    )
  const at = (
    minutes: number,
    state?: AlertsState,
    options: EvaluateOptions = {},
    asked: readonly Alert[] = [rootUsed, portScan],
  ) => evaluate(store, asked, { now: time(minutes), formats: parser.formats, ...(state && { state }), ...options })
  const statuses = ({ findings }: Awaited<ReturnType<typeof evaluate>>) =>
    findings.map(({ alert, status }) => `${alert} ${status}`)

  it('tells once that it fires, then that it goes on, then once that it is over', async () => {
    await write({ calls: [call('ec2:RunInstances', seconds(-10), root), reads(110)] }, sink)
    const first = await at(0)
    expect(statuses(first)).toEqual(['root-used fired'])
    expect(first.findings[0]).toMatchObject({ since: time(-10), firedAt: time(0), numbers: { calls: 1 } })
    // Kept as JSON, as a file or an object keeps it.
    const second = await at(5, readState(JSON.stringify(first.state), 'here'))
    expect(statuses(second)).toEqual(['root-used ongoing'])
    expect(second.findings[0]).toMatchObject({ since: time(-10), firedAt: time(0) })
    // Two hours that records may be late are looked at, and what was left out since the evaluation before.
    const third = await at(116, second.state)
    expect(statuses(third)).toEqual(['root-used ongoing'])
    const fourth = await at(121, third.state)
    expect(statuses(fourth)).toEqual(['root-used resolved'])
    expect(statuses(await at(126, fourth.state))).toEqual([])
  })

  it('is not over where the logs say nothing', async () => {
    await write({ calls: [call('ec2:RunInstances', seconds(-10), root)] }, sink)
    const first = await at(0)
    const second = await at(121, (await at(116, first.state)).state)
    expect(statuses(second)).toEqual(['root-used ongoing'])
    expect(second.findings[0]!.unsure).toMatch(/^the store has no record of aws.cloudtrail from /)
  })

  it('is not over where the answer is partial, or the store refuses it', async () => {
    await write({ calls: [call('ec2:RunInstances', seconds(-10), root), reads(110)] }, sink)
    const first = await at(0)
    const early = { ...first.state, evaluated: { 'root-used': { to: time(116), at: time(116) } } }
    const partial: Store = {
      ask: async (question) => ({ ...(await store.ask(question)), partial: { why: '1 of 2 shards failed' } }),
    }
    const options = { now: time(121), formats: parser.formats, state: early }
    const second = await evaluate(partial, [rootUsed], options)
    expect(second.partial).toEqual({ why: 'root-used: 1 of 2 shards failed' })
    expect(second.findings).toMatchObject([{ status: 'ongoing', unsure: '1 of 2 shards failed' }])
    expect(tellAlerts([rootUsed], second)).toMatch(/^Not the whole answer: root-used: 1 of 2 shards failed\./)
    // The window that was not seen whole is looked at again.
    expect(second.state.evaluated['root-used']).toEqual({ to: time(116), at: time(121) })
    const { FlowferryError } = await import('@flowferry/core')
    const refusing = (code: 'TARGET_OVERLOADED' | 'TARGET_UNREACHABLE'): Store => ({
      ask: async (question) => {
        if (JSON.stringify(question).includes('Root')) throw new FlowferryError(code, 'too much')
        return store.ask(question)
      },
    })
    const third = await evaluate(refusing('TARGET_OVERLOADED'), [rootUsed, replyRejected], options)
    expect(third.partial?.why).toContain('root-used: too much')
    expect(third.findings).toMatchObject([{ status: 'ongoing', unsure: expect.stringMatching(/^too much/) }])
    await expect(evaluate(refusing('TARGET_OVERLOADED'), [rootUsed], options)).rejects.toThrow('too much')
    await expect(evaluate(refusing('TARGET_UNREACHABLE'), [rootUsed, replyRejected], options)).rejects.toThrow(
      'too much',
    )
  })

  it('sees an event that comes late once, whenever it comes', async () => {
    await write({ calls: [reads(-200), reads(110)] }, sink)
    const first = await at(0)
    const second = await at(5, first.state)
    expect(statuses(second)).toEqual([])
    // Nearly two hours old as it comes.
    await write({ calls: [call('ec2:RunInstances', seconds(-109), root)] }, sink)
    const third = await at(10, second.state)
    expect(statuses(third)).toEqual(['root-used fired'])
    await write({ calls: [call('ec2:RunInstances', seconds(-100), root)] }, sink)
    const fourth = await at(15, third.state)
    expect(statuses(fourth)).toEqual(['root-used ongoing'])
  })

  it('counts records that come late in the window of their time, and each window once', async () => {
    await write({ flows: [...scan(-70, 60)] }, sink)
    const first = await at(0)
    expect(statuses(first)).toEqual([])
    // The other half comes an hour late, and is in a window that is looked at again.
    await write({ flows: scan(-66).slice(60) }, sink)
    const second = await at(5, first.state)
    expect(statuses(second)).toEqual(['port-scan fired'])
    expect(second.findings[0]!.numbers).toMatchObject({ ports: 120, rejected: 120 })
    await write(
      { flows: [flow({ eni: 'eni-0f', from: '10.9.0.1', to: '10.9.0.2', ports: [1, 2], end: seconds(-40) })] },
      sink,
    )
    const third = await at(22, second.state)
    expect(statuses(third)).toEqual(['port-scan resolved'])
  })

  it('makes up for evaluations that were left out, and says what it cannot', async () => {
    await write({ flows: scan(-50), calls: [reads(110)] }, sink)
    const before = await at(0)
    // The window of the scan ended half an hour before this one.
    const next = await at(60, before.state)
    expect(statuses(next)).toEqual(['port-scan fired'])
    expect(next.evaluations.find(({ alert }) => alert === 'port-scan')!.spans).toHaveLength(4)
    const late = await at(60 * 24, before.state)
    expect(late.partial!.why).toContain('port-scan: nobody looked from 2026-11-22T11:00:00.000Z to')
    // It is said once: what cannot be made up for is not looked at again.
    const after = await at(60 * 24 + 5, late.state, {}, [portScan])
    expect(after.evaluations).toMatchObject([{ status: 'whole' }])
    expect(after.evaluations[0]!.spans).toHaveLength(1)
    const events = await at(72 * 60, before.state, {}, [rootUsed])
    expect(events.partial!.why).toContain('root-used: nobody looked from 2026-11-22T10:00:00.000Z to')
    expect((await at(72 * 60 + 5, events.state, {}, [rootUsed])).partial).toBeUndefined()
  })

  it('looks again at what was not seen whole, as far as it can be made up for', async () => {
    await write({ flows: scan(-70), calls: [reads(-70)] }, sink)
    const partial: Store = {
      ask: async (question) => ({ ...(await store.ask(question)), partial: { why: '1 of 2 shards failed' } }),
    }
    let { state } = await at(0)
    const seen = async (minutes: number) => {
      const options = { now: time(minutes), formats: parser.formats, state }
      const report = await evaluate(partial, [rootUsed, portScan], options)
      state = report.state
      return report.partial!.why
    }
    expect(await seen(3000)).toMatch(/root-used: 1 of 2 shards failed; nobody looked .*port-scan: .*nobody looked/)
    expect(await seen(3005)).toContain(`nobody looked from ${time(3000 - 240)} to ${time(3005 - 240)}`)
    expect(state.evaluated['root-used']!.to).toBe(time(3005 - 24 * 60 - 5))
  })

  it('is evaluated though the clock was ahead once', async () => {
    await write({ flows: scan(-70), calls: [reads(-70)] }, sink)
    const ahead = await at(60 * 24 * 300)
    expect(statuses(await at(0, ahead.state))).toEqual(['port-scan fired'])
    // Two machines never have quite the same time, and a schedule is up to a minute late.
    const { evaluations } = await at(-0.5, (await at(0)).state)
    expect(evaluations.map(({ status }) => status)).toEqual(['waiting', 'waiting'])
    expect((await at(4.1, (await at(0)).state)).evaluations.every(({ status }) => status === 'whole')).toBe(true)
  })

  const rejects = (minutes: number, count: number) =>
    Array.from({ length: count }, () =>
      flow({
        eni: 'eni-1a',
        from: '10.1.0.7',
        to: '10.1.0.9',
        ports: [40_000, 5432],
        end: seconds(minutes),
        reject: true,
      }),
    )

  it('is not over because it goes on for hours, and is usual after a day', async () => {
    const hours = Array.from({ length: 31 * 4 }, (_, n) => rejects(n * 15 - 70, 60))
    await write({ flows: hours.flat() }, sink)
    let { state, findings } = await at(0, undefined, {}, [ownRejects])
    expect(findings).toMatchObject([{ status: 'fired', numbers: { rejected: 60, before: 0 } }])
    for (const hour of [2, 5, 8, 11, 14, 17, 20, 23, 24.5]) {
      ;({ state, findings } = await at(hour * 60, state, {}, [ownRejects]))
      expect(findings, `${hour} h`).toMatchObject([{ status: 'ongoing', numbers: { before: 0 } }])
    }
    ;({ state, findings } = await at(25 * 60, state, {}, [ownRejects]))
    expect(findings).toMatchObject([{ status: 'resolved' }])
    ;({ findings } = await at(25 * 60 + 5, state, {}, [ownRejects]))
    expect(findings).toEqual([])
  })

  it('compares with windows of the length that is counted', async () => {
    await write({ flows: Array.from({ length: 26 * 4 }, (_, n) => rejects(-1 - n * 14, 10)).flat() }, sink)
    // With a threshold of one, a window is longer by what may be late.
    const { findings } = await at(0, undefined, { thresholds: { 'own-rejects': 1 } }, [ownRejects])
    expect(findings).toEqual([])
  })

  it('sees each of its counts beside many groups that reach none', async () => {
    const sources = Array.from({ length: 1100 }, (_, n) => `10.5.${n >> 8}.${n & 255}`)
    const few = sources.flatMap((from) =>
      [22, 23].map((port) =>
        flow({ eni: 'eni-5a', from, to: '10.4.1.9', ports: [44_000, port], end: seconds(-70), reject: true }),
      ),
    )
    const sweep = Array.from({ length: 150 }, (_, n) =>
      flow({
        eni: 'eni-5b',
        from: '10.6.0.6',
        to: `10.7.0.${n}`,
        ports: [44_000, 22],
        end: seconds(-70),
        reject: true,
      }),
    )
    await write({ flows: [...few, ...sweep] }, sink)
    const { findings, partial } = await at(0, undefined, {}, [portScan])
    expect(partial).toBeUndefined()
    expect(findings.map(({ who, numbers }) => [who['source.ip'], numbers.targets])).toEqual([['10.6.0.6', 150]])
  })

  it('tells of records that AWS skipped while nobody looked', async () => {
    const flows = Array.from({ length: 40 }, (_, n) =>
      flow({ eni: 'eni-0f', from: '10.9.0.1', to: '10.9.0.2', ports: [1, 2], end: seconds(-60 + n * 10) }),
    )
    await write({ flows }, sink)
    const before = await at(0, undefined, {}, [flowLogGap])
    const [start, end] = [seconds(59), seconds(60)]
    await write({ flows: [`5 123456789012 eni-0f - - - - - - - ${start} ${end} - SKIPDATA - - - -`] }, sink)
    const next = await at(240, before.state, {}, [flowLogGap])
    expect(next.findings).toMatchObject([{ status: 'fired', numbers: { skipped: 1, silent: 0 } }])
  })

  it('waits for the time of each alert, and keeps what it does not look at', async () => {
    await write({ calls: [call('ec2:RunInstances', seconds(-10), root), reads(110)], flows: scan(-70) }, sink)
    const first = await at(0)
    expect(statuses(first)).toEqual(['root-used fired', 'port-scan fired'])
    const waiting = await at(2, first.state)
    expect(waiting.evaluations.map(({ status }) => status)).toEqual(['waiting', 'waiting'])
    expect(statuses(waiting)).toEqual(['root-used ongoing', 'port-scan ongoing'])
    const one = await at(6, waiting.state, {}, [rootUsed])
    expect(statuses(one)).toEqual(['root-used ongoing'])
    expect(one.state.open.map(({ alert }) => alert)).toEqual(['root-used', 'port-scan'])
    expect(statuses(await at(7, one.state))).toEqual(['port-scan ongoing'].concat('root-used ongoing').sort().reverse())
  })

  it('by event.ingested counts what came, and no backfill', async () => {
    const parsers = vpcFlow.with(ingested)
    const own = duckdbStore({ connection: sink.connection, formats: parsers.formats })
    const { ingest } = await import('@flowferry/core')
    const { memoryObject, memorySource } = await import('@flowferry/core/testing')
    const store = async (key: string, lines: readonly string[]) => {
      const body = `version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status tcp-flags flow-direction reject-reason instance-id\n${lines.join('\n')}\n`
      await ingest({ source: memorySource(memoryObject({ key, body })), parser: parsers, sink })
    }
    const without = duckdbStore({ connection: sink.connection, formats: parser.formats })
    const now = Math.floor(Date.now() / 1000)
    const from = (source: string, age: number) =>
      Array.from({ length: 120 }, (_, n) =>
        flow({ eni: 'eni-4a', from: source, to: '10.4.1.9', ports: [44_000, 1 + n], end: now - age, reject: true }),
      )
    // An hour and a half old, which no window of their own time has any more, and three days old.
    await store('late.log', from('10.4.0.6', 5400))
    await store('backfill.log', from('10.4.0.7', 3 * 86_400))
    const options = { now: isoDate((now + 60) * 1000), formats: parsers.formats }
    const byRecord = await evaluate(own, [portScan], options)
    expect(byRecord.findings).toEqual([])
    const byArrival = await evaluate(own, [portScan], { ...options, window: 'ingested' })
    expect(byArrival.findings.map(({ who }) => who)).toEqual([{ 'source.ip': '10.4.0.6' }])
    await expect(evaluate(without, [portScan], { now: options.now, window: 'ingested' })).rejects.toThrow(
      'event.ingested',
    )
    // It goes on while such come, though none is of the last quarter of an hour, and is over where others come.
    const soon = isoDate((now + 600) * 1000)
    const { state } = byArrival
    const goesOn = await evaluate(own, [portScan], { ...options, now: soon, state, window: 'ingested' })
    expect(goesOn.findings).toMatchObject([{ status: 'ongoing' }])
    const early = { ...state, open: [{ ...state.open[0]!, key: 'other' }] }
    const other = await evaluate(own, [portScan], { ...options, now: soon, state: early, window: 'ingested' })
    expect(other.findings.map(({ status }) => status)).toEqual(['fired', 'resolved'])
  })

  it('by event.ingested says where no record has it', async () => {
    await write({ flows: scan(-5) }, sink)
    const { findings, evaluations, partial } = await at(0, undefined, { window: 'ingested' }, [portScan])
    expect(findings).toEqual([])
    expect(evaluations).toMatchObject([{ status: 'partial' }])
    expect(partial!.why).toMatch(
      /^port-scan: no record of aws\.vpcflow since .* the enrichment `ingested` writes that$/,
    )
  })

  it('keeps of those that may be over no more than a thousand, and says so', async () => {
    await write(
      { flows: [flow({ eni: 'eni-0f', from: '10.9.0.1', to: '10.9.0.2', ports: [1, 2], end: seconds(-70) })] },
      sink,
    )
    const first = await at(0, undefined, {}, [portScan])
    const open = Array.from({ length: 1200 }, (_, n) => {
      const span = { from: time(-200 + n / 100), to: time(-185 + n / 100) }
      const key = JSON.stringify(['port-scan', String(n)])
      return { key, alert: 'port-scan', who: {}, numbers: {}, since: span.from, firedAt: span.to, span, commands: [] }
    })
    const nothing: Store = {
      ask: async () => ({ rows: [], approximate: [], partial: { why: '1 of 2 shards failed' } }),
    }
    const options = { now: time(5), formats: parser.formats, state: { ...first.state, open } }
    const { state, partial } = await evaluate(nothing, [portScan], options)
    expect(state.open.map(({ key }) => key)).toEqual(
      open
        .slice(200)
        .reverse()
        .map(({ key }) => key),
    )
    expect(partial!.why).toContain('port-scan: 200 findings that may be over are forgotten')
    // One that waits forgets nothing.
    expect((await evaluate(nothing, [portScan], { ...options, now: time(1) })).state.open).toHaveLength(1200)
  })

  it('waits, and what the store never had is still none of its faults', async () => {
    await write({ flows: scan(-70) }, sink)
    const first = await at(0)
    expect(first.partial).toBeUndefined()
    expect((await at(1, first.state)).partial).toBeUndefined()
  })

  it('goes on over values that no question may hold', async () => {
    const evil = (minutes: number, flags: number) =>
      flow({
        eni: 'eni-\0',
        from: '10.3.0.9',
        to: '10.3.0.7',
        ports: [443, 43_000],
        end: seconds(minutes),
        flags,
        reject: true,
      })
    const others = Array.from({ length: 30 }, (_, n) =>
      flow({ eni: 'eni-0f', from: '10.9.0.1', to: '10.9.0.2', ports: [1, 2], end: seconds(-5 - n * 10) }),
    )
    await write({ flows: [evil(-200, 18), ...others], calls: [reads(-70)] }, sink)
    const { findings } = await at(0, undefined, {}, alerts)
    expect(findings.map(({ alert }) => alert)).toEqual(['flow-log-gap'])
    await write({ flows: [evil(-20, 18)] }, sink)
    const next = await at(1, undefined, {}, alerts)
    expect(next.findings).toMatchObject([{ alert: 'reply-rejected', who: { 'aws.vpcflow.interface_id': 'eni-\0' } }])
    expect(next.findings[0]!.commands).toEqual([expect.stringMatching(/^flowferry ask rejected-now /)])
  })
})

describe('what it gives', () => {
  it('has the command for two ends, that for the records, and the page of the dashboard', async () => {
    const { findings } = await run('fires', { dashboard: 'http://127.0.0.1:4000/?token=secret#token' })
    const of = (name: string) => findings.find(({ alert }) => alert === name)!
    expect(of('own-rejects').commands).toEqual([
      'flowferry why 10.1.0.7 10.1.0.9:5432 --from <store> --since 2026-11-22T10:45Z --until 2026-11-22T11:00Z',
      'flowferry ask rejected-now --from <store> --since 2026-11-22T10:45Z --until 2026-11-22T11:00Z',
    ])
    // A reply comes from the service.
    expect(of('reply-rejected').commands[0]).toMatch(/^flowferry why 10\.3\.0\.7 10\.3\.0\.9:443 /)
    expect(of('vpc-control-rejects').commands[0]).toMatch(/^flowferry why 10\.7\.0\.6 203\.0\.113\.7:443 /)
    expect(of('root-used').commands).toEqual([expect.stringMatching(/^flowferry ask sign-ins --from <store> --since /)])
    expect(of('dead-letters').commands).toEqual([])
    expect(of('own-rejects').link).toBe(
      'http://127.0.0.1:4000/#/alerts/own-rejects?since=2026-11-22T10%3A45%3A30.000Z&until=2026-11-22T11%3A00%3A00.000Z',
    )
  })

  it('tells people, and hostile values stay text', async () => {
    const evil = `eve\u001b[2J\u202e$(reboot)<script>alert(1)</script>\nFIRED high root-used: no`
    const sink = await duckdb()
    const who = {
      type: 'IAMUser',
      userName: evil,
      arn: `arn:aws:iam::1:user/${evil}`,
      accountId: '123456789012; rm -rf /',
    }
    const signIn = call('signin:ConsoleLogin', Date.parse(now) / 1000 - 60, who, {
      eventType: 'AwsConsoleSignIn',
      responseElements: { ConsoleLogin: 'Success' },
      additionalEventData: { MFAUsed: 'No' },
    })
    const hostileFlow = flow({
      eni: 'eni-$(reboot)',
      from: '10.3.0.9',
      to: '10.3.0.7',
      ports: [443, 43_000],
      end: Date.parse(now) / 1000 - 60,
      flags: 18,
      reject: true,
    })
    await write({ calls: [signIn], flows: [hostileFlow] }, sink)
    const store = duckdbStore({ connection: sink.connection, formats: parser.formats })
    const report = await evaluate(store, alerts, { now, formats: parser.formats, dashboard: 'https://logs.example' })
    await sink.close()
    expect(report.findings.map(({ alert }) => alert)).toEqual(['reply-rejected', 'console-without-mfa'])
    for (const { commands, link } of report.findings)
      expect([...commands, link].join(' ')).not.toMatch(/reboot|script|rm -rf/)
    const text = tellAlerts(alerts, report)
    expect(text).toContain('user eve\\u001b[2J\\u202e$(reboot)<script>')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: none may be left
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/)
    expect(text.split('\n').filter((line) => line.startsWith('FIRED')).length).toBe(2)
    // A state that holds them is read again.
    const state = readState(JSON.stringify(report.state), 'here')
    const again = await evaluate({ ask: async () => ({ rows: [], approximate: [] }) }, alerts, { now, state })
    expect(again.findings.map(({ status, who }) => [status, who])).toEqual(
      report.findings.map(({ who }) => ['ongoing', who]),
    )
  })

  it('is an error without any store, and is partial where it has none of the logs', async () => {
    const sink = await duckdb()
    const store = duckdbStore({ connection: sink.connection, formats: parser.formats })
    const nothing = await evaluate(store, alerts, { now, formats: parser.formats })
    expect(nothing.partial?.why).toContain('own-rejects: the database has no table aws_vpcflow')
    await write({ calls: worlds.fires.calls }, sink)
    const some = await evaluate(store, alerts, { now, formats: parser.formats })
    await sink.close()
    expect(some.partial).toBeUndefined()
    expect(some.evaluations.filter(({ status }) => status === 'absent').map(({ alert }) => alert)).toContain(
      'port-scan',
    )
    expect(tellAlerts(alerts, some)).toContain('Not asked, since the store has no such logs: own-rejects, ')
  })
})

describe('what is wrong is refused', () => {
  const store: Store = { ask: async () => ({ rows: [], approximate: [] }) }
  const plain = {
    name: 'mine',
    title: 'Mine',
    severity: 'low',
    formats: ['aws.vpcflow'],
    window: '15m',
    every: '5m',
    filters: [],
    by: { 'source.ip': { heading: 'source' } },
    measures: { flows: { heading: 'flows', of: { count: true } } },
    counts: ['flows'],
    threshold: 1,
    know: 'Nothing.',
  } as const
  it.each([
    ['a name', { name: 'Mine!' }, 'The alert.name takes small letters'],
    ['a member that nobody knows', { tresholds: 1 }, 'mine takes no member "tresholds"'],
    ['a severity', { severity: 'bad' }, 'mine.severity takes high, medium or low'],
    ['a window', { window: '2d' }, 'mine.window takes a time from 1m to 1d'],
    ['windows with gaps between them', { every: '20m' }, 'mine.every takes a time of at most the window'],
    ['no formats', { formats: [] }, 'mine.formats takes a list'],
    ['no threshold', { threshold: 0 }, 'mine.threshold takes a number above 0'],
    ['nothing to name', { by: {} }, 'mine.by takes an object of one field or more'],
    ['a measure that is not there', { counts: ['flow'] }, 'has no measure "flow"; is it "flows"?'],
    [
      'a measure that each has',
      { measures: { first: { heading: 'x', of: { count: true } } } },
      'measures.first is there',
    ],
    ['filters that are none', { filters: 'x' }, 'mine.filters takes a list'],
    ['a measure without a heading', { measures: { flows: { of: { count: true } } } }, 'takes { heading, of'],
    ['a time before', { before: { length: 'x', times: 5 } }, "mine.before takes { length: '1d'"],
  ])('%s', (_, members, words) => {
    expect(() => defineAlert({ ...plain, ...members } as never)).toThrow(words)
  })

  it('options, and alerts of one name', async () => {
    await expect(evaluate(store, [plain, plain])).rejects.toThrow('has two of the name "mine"')
    await expect(evaluate(store, [plain], { now: 'now' })).rejects.toThrow('now takes a date')
    await expect(evaluate(store, [plain], { late: -1 })).rejects.toThrow('late is -1')
    await expect(evaluate(store, [plain], { dashboard: 'javascript:alert(1)' })).rejects.toThrow('dashboard is string')
    await expect(evaluate(store, [plain], { dashboard: 'https://a:b@c' })).rejects.toThrow('dashboard is string')
    await expect(evaluate(store, [plain], { thresholds: { mine: 0 } })).rejects.toThrow('thresholds.mine takes')
    await expect(evaluate(store, [plain], { own: ['10'] })).rejects.toThrow('own[0] takes a block')
    const except = { 'dead-letters': [{ field: 'queue', equals: 'known' }] }
    await expect(evaluate(store, alerts, { except })).rejects.toThrow('except.dead-letters is of no log')
  })

  it('fields that the logs do not have, in alerts of your own and in what is known', async () => {
    const sink = await duckdb()
    const own = duckdbStore({ connection: sink.connection, formats: parser.formats })
    const misspelt = { ...plain, filters: [{ field: 'source.ipp', equals: '10.0.0.1' }] }
    await expect(evaluate(own, [misspelt])).rejects.toThrow(
      /^mine: filters\[0\]\.field asks "source\.ipp", which is no field of aws\.vpcflow; is it "source\.ip"\?/,
    )
    const except = { mine: [{ field: 'source.ipp', equals: '10.0.0.1' }] }
    await expect(evaluate(own, [plain], { formats: parser.formats, except })).rejects.toThrow(
      'except.mine[0].field asks',
    )
    await sink.close()
  })

  it.each([
    '',
    '[]',
    '{"version":2}',
    '{"version":1,"open":[{}],"evaluated":{}}',
    '{"version":1,"open":[],"evaluated":{"a":1}}',
  ])('a state that is none: %s', (text) => {
    expect(() => readState(text, 'alerts.json')).toThrow(/^alerts.json is (no state of alerts|a state of version 2)/)
  })
})
