import { operating, type ValuesWhere } from './derive.ts'
import type { JsonObject } from './free-form.ts'
import { withoutLastDot } from './network.ts'
import { isAddress } from './values.ts'

/**
 * What is derived from names and answers of DNS, of which nearly each may be new. JSON's engine does the same by bytes,
 * where a derived value is one of these functions of one field.
 */

/** A name of DNS as documents have it, `www.example.com` of `www.example.com.`: without the dot of the root at its end. */
export const dnsName = /* @__PURE__ */ operating({ is: 'dnsName' }, (name: string) => each(name, withoutLastDot))

/** What `dnsName` gives, but nothing of a name that stands for an address: `related.hosts` holds hosts. */
export const hostName = /* @__PURE__ */ operating({ is: 'hostName' }, (name: string) =>
  each(name, (one) => (addressOf(one) === undefined ? withoutLastDot(one) : undefined)),
)

/** The address that a reverse query asks about: `192.0.2.7` of `7.2.0.192.in-addr.arpa`, or of 32 digits before `ip6.arpa`. */
export const reverseAddress = /* @__PURE__ */ operating({ is: 'reverseAddress' }, (name: string) =>
  each(name, addressOf),
)

/**
 * Values of the objects in a list whose other member is one of some texts: in the order of these.
 *
 * @example
 * const addresses = valuesWhere({ value: 'Rdata', where: 'Type', is: ['A', 'AAAA'], addresses: true })
 * derive('related.ip[]', ['answers'], addresses)
 */
export function valuesWhere(values: ValuesWhere) {
  return operating({ is: 'values', values }, (objects: readonly JsonObject[]): readonly string[] =>
    values.is.flatMap((text) =>
      objects.flatMap(({ [values.value]: value, [values.where]: told }) => {
        const name = told === text && typeof value === 'string' && value !== '' ? withoutLastDot(value) : undefined
        return name === undefined || (values.addresses && !isAddress(name)) ? [] : [name]
      }),
    ),
  )
}

/** JSON may hold several where a text is expected. */
function each(given: string | readonly string[], of: (text: string) => string | undefined) {
  return typeof given === 'string' ? of(given) : given.flatMap((one) => of(one) ?? [])
}

function addressOf(name: string): string | undefined {
  const [, bytes, digits] = /^(?:([\d.]+)\.in-addr|([\da-f](?:\.[\da-f]){31})\.ip6)\.arpa\.?$/i.exec(name) ?? []
  const reversed = (bytes ?? digits)?.split('.').reverse()
  const address = bytes ? reversed?.join('.') : reversed?.join('').match(/.{4}/g)?.join(':')
  return address !== undefined && isAddress(address) ? address : undefined
}
