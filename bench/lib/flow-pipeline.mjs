// What forwarders do: the line as it came, and a pipeline in the cluster that makes the same document of it as `vpcFlow`.
import { lines } from '@flowferry/core'

/** Flow logs as lines that nobody has read. Their ids are those of `vpcFlow`. */
export const rawLines = lines({
  kind: 'line',
  dataset: 'aws.vpcflow',
  record: (line) => ({ line }),
  document: ({ line }) => ({ message: line }),
  skip: (line) => line.startsWith('version'),
})

const names =
  'aws.vpcflow.version aws.vpcflow.account_id aws.vpcflow.interface_id source.address destination.address source.port destination.port network.iana_number source.packets source.bytes event.start event.end aws.vpcflow.action aws.vpcflow.log_status'

const withoutAbsent = `
for (name in ['source', 'destination', 'network']) {
  ctx[name].values().removeIf(value -> value == '-');
  if (ctx[name].isEmpty()) ctx.remove(name);
}
ctx.aws.vpcflow.values().removeIf(value -> value == '-');`

const derived = `
def action = ctx.aws.vpcflow.action;
ctx.event.type = new ArrayList(['connection']);
if (action == 'ACCEPT') {
  ctx.event.type.add('allowed');
  ctx.event.action = 'accept';
  ctx.event.outcome = 'success';
} else if (action == 'REJECT') {
  ctx.event.type.add('denied');
  ctx.event.action = 'reject';
  ctx.event.outcome = 'failure';
}
if (ctx.network != null) {
  def transport = params.transports[ctx.network.iana_number];
  if (transport != null) ctx.network.transport = transport;
}
if (ctx.source?.ip != null && ctx.destination?.ip != null) {
  boolean six = ctx.source.ip.contains(':');
  if (six == ctx.destination.ip.contains(':')) ctx.network.type = six ? 'ipv6' : 'ipv4';
}`

const constants = {
  'ecs.version': '8.11.0',
  'event.kind': 'event',
  'event.module': 'aws',
  'event.dataset': 'aws.vpcflow',
  'event.category': ['network'],
  'cloud.provider': 'aws',
}
const time = (field, target) => ({ date: { field, target_field: target, formats: ['UNIX'] } })
const convert = (type, field, target = field) => ({
  convert: { field, target_field: target, type, ignore_missing: true },
})

const related = (field) => ({
  append: { if: 'ctx.source?.ip != null', field: 'related.ip', value: `{{{${field}}}}`, allow_duplicates: false },
})

/** https://www.elastic.co/docs/reference/enrich-processor */
export const flowPipeline = {
  processors: [
    ...Object.entries(constants).map(([field, value]) => ({ set: { field, value } })),
    {
      dissect: {
        field: 'message',
        pattern: names
          .split(' ')
          .map((name) => `%{${name}}`)
          .join(' '),
      },
    },
    { script: { source: withoutAbsent } },
    time('event.end', '@timestamp'),
    time('event.end', 'event.end'),
    time('event.start', 'event.start'),
    ...['source.port', 'destination.port', 'source.packets', 'source.bytes'].map((field) => convert('long', field)),
    convert('long', 'source.packets', 'network.packets'),
    convert('long', 'source.bytes', 'network.bytes'),
    convert('string', 'aws.vpcflow.account_id', 'cloud.account.id'),
    convert('string', 'source.address', 'source.ip'),
    convert('string', 'destination.address', 'destination.ip'),
    ...['source.ip', 'destination.ip'].map(related),
    { script: { source: derived, params: { transports: { 1: 'icmp', 6: 'tcp', 17: 'udp' } } } },
    { remove: { field: 'message' } },
  ],
}
