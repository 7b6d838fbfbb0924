import { lookup } from './derive.ts'

/** What several network logs say in the same numbers and names. */

/** https://www.iana.org/assignments/protocol-numbers, those that flow logs show */
export const transport = /* @__PURE__ */ lookup({
  0: 'hopopt',
  1: 'icmp',
  2: 'igmp',
  6: 'tcp',
  17: 'udp',
  41: 'ipv6',
  47: 'gre',
  50: 'esp',
  51: 'ah',
  58: 'ipv6-icmp',
  88: 'eigrp',
  89: 'ospfigp',
  103: 'pim',
  112: 'vrrp',
  115: 'l2tp',
  132: 'sctp',
  136: 'udplite',
})

/** The flags that a flow record's bitmask may hold, from its lowest bit. */
const tcpFlagNames = ['fin', 'syn', 'rst', 'psh', 'ack', 'urg'] as const
export const tcpFlags = (mask: number) => tcpFlagNames.filter((_, bit) => mask & (1 << bit))

/** What `arn:aws:wafv2:us-east-1:123456789012:global/webacl/name/id` says of where the resource is; nothing of any other text. */
export function arnParts(text: string): {
  readonly [P in 'service' | 'region' | 'account' | 'resource']?: string | undefined
} {
  const parts = /^arn:[^:]*:([^:]*):([^:]*):([^:]*)(?::(.+))?$/.exec(text) ?? []
  const [, service, region, account, resource] = parts.map((part) => part || undefined)
  return { service, region, account, resource }
}

/** The same by ECS's names. */
export function cloudOfArn(text: string) {
  const { service, region, account } = arnParts(text)
  return { 'cloud.service.name': service, 'cloud.region': region, 'cloud.account.id': account }
}

/** The number of `HTTP/1.1`; nothing for any other text. */
export function httpVersion(text: string): string | undefined {
  return /^HTTP\/([\d.]+)$/.exec(text)?.[1]
}

/**
 * `TLSv1.3`, `TLS 1.3`, `tlsv13` and `1.3` as ECS has them, the number as it is written, with a point in it; nothing for any
 * other text, which is to be kept whole.
 */
export function tls(text: string): { readonly protocol: string; readonly version: string } | undefined {
  const match = /^(?:(TLS|SSL)[v ]?(\d+(?:\.\d+)*)|(1\.[0-3]))$/i.exec(text)
  if (!match) return undefined
  const version = (match[2] ?? match[3]!).replace(/^(\d)(\d)$/, '$1.$2')
  return { protocol: match[1]?.toLowerCase() ?? 'tls', version }
}

/** RFC 1918, RFC 6598 and RFC 4193: addresses that no internet gateway passes. */
export const privateBlocks = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7'] as const

const wholeUrl = /^([a-z][a-z0-9+.-]*):\/\/([^/?#:]+|\[[^\]]*\])(?::(\d{1,5}))?/i

/** The parts of a URL, or of the path and query of one. */
export function urlParts(url: string) {
  const [begin = '', scheme, domain, port] = wholeUrl.exec(url) ?? []
  const rest = url.slice(begin.length)
  const [path = '', ...query] = rest.split('#', 1)[0]!.split('?')
  return {
    'url.scheme': scheme?.toLowerCase(),
    'url.domain': domain,
    'url.port': port === undefined ? undefined : Number(port),
    'url.path': path.startsWith('/') ? path : undefined,
    'url.query': query.length > 0 ? query.join('?') : undefined,
  }
}

/** A name as DNS writes it, without the dot of the root at its end; the root itself stays. */
export function withoutLastDot(name: string): string {
  return name.length > 1 && name.endsWith('.') ? name.slice(0, -1) : name
}

/** A host as requests name it, `example.com:8443`: what has no port behind a colon is the domain whole. */
export function splitHost(text: string): { readonly domain: string; readonly port?: string } {
  const [, domain, port] = /^(\[[^\]]*\]|[^:]+):(\d{1,5})$/.exec(text) ?? []
  return domain === undefined ? { domain: text } : { domain, port: port! }
}

/** A date of a certificate's validity, as AWS writes it: `NotBefore=…;NotAfter=…`. */
export function validityDate(name: 'NotBefore' | 'NotAfter', validity: string): string | undefined {
  const part = validity.split(';').find((part) => part.startsWith(`${name}=`))
  const time = Date.parse(part?.slice(name.length + 1) ?? '')
  return Number.isNaN(time) ? undefined : new Date(time).toISOString()
}
