import type { NetworkInterface } from './snapshot.ts'

/** To whom an interface belongs: an instance, or what AWS manages. */
export interface Owner {
  /** The same for all interfaces of one owner: `i-0abc…`, `app/orders/50dc6c495c0c9188`, `nat-0abc…`. */
  readonly id: string
  /** All by which people may call it. */
  readonly names: readonly string[]
}

/** Which part of a description names its owner. AWS documents no list of them: these are as EC2 shows them. */
const described: readonly RegExp[] = [
  /^ELB (?<id>(?:app|net|gwy)\/(?<name>[^/]+)\/[0-9a-f]+)$/,
  /^ELB (?<id>[\w-]+)$/,
  /^Interface for NAT Gateway (?<id>nat-[0-9a-f]+)$/,
  /^VPC Endpoint Interface (?<id>vpce-[0-9a-f]+)$/,
  /^Network Interface for Transit Gateway Attachment (?<id>tgw-attach-[0-9a-f]+)$/,
  /^AWS Lambda VPC ENI-(?<id>.+)-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  /^EFS mount target for (?<id>fs-[0-9a-f]+)/,
]

/** None where neither an instance nor the description tells. */
export function ownerOf({ instanceId, instanceName, description }: NetworkInterface): Owner | undefined {
  if (instanceId !== undefined)
    return { id: instanceId, names: [...(instanceName === undefined ? [] : [instanceName]), instanceId] }
  for (const pattern of described) {
    const { id, name } = pattern.exec(description)?.groups ?? {}
    if (id !== undefined) return { id, names: name === undefined ? [id] : [name, id] }
  }
  return undefined
}

/** How people call the interface: its own tag, its owner's name, its description. */
export function nameOf(one: NetworkInterface): string | undefined {
  return one.name ?? ownerOf(one)?.names[0] ?? (one.description === '' ? undefined : one.description)
}
