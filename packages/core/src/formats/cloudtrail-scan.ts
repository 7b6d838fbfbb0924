import { isIPv4 } from '../table/encode.ts'
import { viewOf } from '../table/recall.ts'
import { type Bytes, isAddress, type Node, type Plan } from './cloudtrail-table.ts'
import { behindLiteral, behindString, hashOf, hashPrime, QUOTE, stopFrom } from './json-bytes.ts'

/**
 * One look at a record's bytes: whether it is one that the byte path can write, where it ends, and where the values are
 * that the table names. What is odd in any way is left to JSON.parse and the plain path.
 */

/** How a value is written: as it stands, in quotes, an address as it stands, an object as it is, one with holes. */
export const asIs = 0
export const quoted = 1
export const address = 2
export const whole = 3
export const holed = 4
/** An entry of the tape is a place's number and the class of its value in one, and where the value begins and ends. */
export const classBits = 3

const COMMA = 0x2c
const COLON = 0x3a
const ARRAY_OPEN = 0x5b
const ARRAY_CLOSE = 0x5d
const OBJECT_OPEN = 0x7b
const OBJECT_CLOSE = 0x7d

/** Nested deeper, the plain path makes text of it. */
const maxLevels = 16
/** Longer strings are cut by the plain path. */
const maxString = 8191
/** Longer paths are left out by it. */
const maxPath = 2000
/** The text of so many bytes is below the length from which on it stands alone. */
const maxFreeForm = 16_000
export const maxRecord = 64 * 1024
/** More members in one object than this are left to the plain path: each is compared with those before it. */
const maxMembers = 64

/** A record that the byte path writes. */
export interface Scanned {
  readonly bytes: Buffer
  readonly view: DataView
  readonly from: number
  readonly end: number
  /** Entries `first` to `last` are its own. */
  readonly tape: Int32Array
  readonly first: number
  readonly last: number
  /** Of the entries' codes. */
  readonly hash: number
  /** The entry of its id. */
  readonly id: number
}

type Kind = Bytes | 'object' | 'address' | 'id' | 'key'

/** A place of the table, with the members that it knows below it. */
export interface Place {
  readonly node: Node
  readonly number: number
  readonly kind: Kind
  /** `"name":` */
  readonly key: DataView
  /** `key.byteLength`, which is no mere look at a field. */
  readonly keyLength: number
  readonly byHash: Map<number, Place>
  /** Its first member, and the member that follows it, in the record before: nearly always in this one too. */
  first: Place | undefined
  next: Place | undefined
  /** The last record that had it. */
  seen: number
}

/** The fields that mean more to the byte path than their value. */
export interface Roles {
  /** A record without it takes the plain path. */
  readonly id: string
  /** What derived values depend on. */
  readonly key: string
  /** … besides on whether these are there, */
  readonly presence: readonly string[]
  /** but with this key, on what they and others hold. */
  readonly special: string
  /** A field and the beginning of values that are of another format. */
  readonly foreign: readonly [field: string, prefix: string]
}

export interface Places {
  readonly root: Place
  readonly all: readonly Place[]
  readonly roles: Roles
}

export function placesOf({ root }: Plan, roles: Roles): Places {
  const all: Place[] = []
  const make = (node: Node, path: string): Place => {
    const name = path.slice(path.lastIndexOf('.') + 1)
    const { field } = node
    const isText = field?.bytes === 'text'
    const hasAddress = field?.targets.some((target) => target.address)
    const byHash = new Map<number, Place>()
    const place: Place = {
      node,
      number: all.length,
      kind:
        path === roles.id
          ? 'id'
          : path === roles.key
            ? 'key'
            : isText && hasAddress
              ? 'address'
              : (field?.bytes ?? 'object'),
      key: viewOf(Buffer.from(`${JSON.stringify(name)}:`)),
      keyLength: Buffer.byteLength(JSON.stringify(name)) + 1,
      byHash,
      first: undefined,
      next: undefined,
      seen: -1,
    }
    all.push(place)
    for (const [member, inner] of node.members) {
      // Ours, and no field of AWS's: a record that has it is odd.
      if (path === '' && member === 'kind') continue
      const hash = hashOfName(member)
      if (!byHash.has(hash)) byHash.set(hash, make(inner, path === '' ? member : `${path}.${member}`))
    }
    return place
  }
  return { root: make(root, ''), all, roles }
}

function hashOfName(name: string): number {
  return hashOf(viewOf(Buffer.from(name)), 0, name.length)
}

let record = 0

/** Scans records, one after the other; `scanned` is the last one that was regular. */
export class RecordScanner {
  scanned: Scanned | undefined
  private bytes: Buffer = Buffer.alloc(0)
  private view = viewOf(this.bytes)
  private tape = new Int32Array(0)
  private used = 0
  private hash = 0
  private id = -1
  /** Of the free-form value at hand. */
  private empty = false
  private hasHoles = false
  private longestString = 0
  private longestName = 0
  private deepest = 0
  private readonly names = new Int32Array(maxLevels * maxMembers)
  private named = 0
  private readonly special: Buffer
  private readonly foreign: Buffer
  private readonly foreignField: Place | undefined

  constructor(private readonly places: Places) {
    const [field, prefix] = places.roles.foreign
    this.special = Buffer.from(JSON.stringify(places.roles.special))
    this.foreign = Buffer.from(prefix)
    this.foreignField = places.root.byHash.get(hashOfName(field))
  }

  /** The offset behind the object that begins at `from`, or -1 where it does not end in these bytes or is not regular. */
  scan(bytes: Buffer, from: number): number {
    if (bytes !== this.bytes) {
      this.bytes = bytes
      this.view = viewOf(bytes)
    }
    if (this.tape.length - this.used < this.places.all.length * 3) {
      this.tape = new Int32Array(1 << 14)
      this.used = 0
    }
    const first = this.used
    record++
    this.hash = 0
    this.id = -1
    const end = this.members(this.places.root, from)
    if (end === -1 || this.id === -1 || end - from > maxRecord) {
      this.used = first
      return -1
    }
    const { view, tape, used: last, hash, id } = this
    this.scanned = { bytes, view, from, end, tape, first, last, hash, id }
    return end
  }

  private push(place: Place, how: number, start: number, end: number): void {
    const { tape } = this
    const code = (place.number << classBits) | how
    const used = this.used
    tape[used] = code
    tape[used + 1] = start
    tape[used + 2] = end
    this.used = used + 3
    this.hash = Math.imul(this.hash ^ code, hashPrime)
  }

  /** The members of an object that the table knows. */
  private members(parent: Place, from: number): number {
    const { bytes, view } = this
    let at = from + 1
    if (bytes[at] === OBJECT_CLOSE) return at + 1
    let before: Place | undefined
    let expected = parent.first
    while (at < bytes.length) {
      let place = expected
      if (place === undefined || !standsAt(view, bytes.length, at, place)) {
        place = this.find(parent, at)
        if (place === undefined) return -1
        if (before) before.next = place
        else parent.first = place
      }
      if (place.seen === record) return -1
      place.seen = record
      at = this.value(place, at + place.keyLength)
      if (at === -1) return -1
      const byte = bytes[at]
      if (byte === OBJECT_CLOSE) return at + 1
      if (byte !== COMMA) return -1
      at++
      before = place
      expected = place.next
    }
    return -1
  }

  private find(parent: Place, at: number): Place | undefined {
    const { bytes } = this
    if (bytes[at] !== QUOTE) return undefined
    const { view } = this
    const place = parent.byHash.get(hashOf(view, at + 1, stopFrom(view, at + 1, bytes.length)))
    return place && standsAt(view, bytes.length, at, place) ? place : undefined
  }

  /** The offset behind a member's value. */
  private value(place: Place, at: number): number {
    const { bytes } = this
    const { kind } = place
    const byte = bytes[at]
    if (byte === QUOTE) {
      const end = behindString(bytes, this.view, at + 1)
      return end === -1 || end === at + 2 ? end : this.text(place, kind, at, end)
    }
    if (byte === OBJECT_OPEN) {
      if (kind === 'object') return this.members(place, at)
      return kind === 'freeForm' || kind === 'flat' ? this.freeForm(place, at) : -1
    }
    if (byte === ARRAY_OPEN) return kind === 'resources' ? this.freeForm(place, at) : -1
    const end = behindLiteral(bytes, at)
    if (end === -1 || byte === 0x6e) return end
    const isBoolean = byte === 0x74 || byte === 0x66
    if (kind === 'boolean' && isBoolean) this.push(place, asIs, at, end)
    else if (kind === 'text' || kind === 'freeForm') this.push(place, quoted, at, end)
    else return -1
    return place === this.foreignField ? -1 : end
  }

  private text(place: Place, kind: Kind, at: number, end: number): number {
    const { bytes } = this
    let how = asIs
    if (kind === 'text' || kind === 'freeForm') {
      if (
        place === this.foreignField &&
        bytes.compare(this.foreign, 0, this.foreign.length, at + 1, at + 1 + this.foreign.length) === 0
      )
        return -1
    } else if (kind === 'address') {
      if (isIPv4(bytes, at + 1, end - 1) || isAddress(bytes.toString('utf8', at + 1, end - 1))) how = address
    } else if (kind === 'id') {
      if (end - at > 130 || !isVisible(bytes, at + 1, end - 1)) return -1
      this.id = this.used
    } else if (kind === 'key') {
      if (end - at === this.special.length && this.special.compare(bytes, at, end) === 0) how = whole
    } else if (kind !== 'time' && kind !== 'recall') return -1
    this.push(place, how, at, end)
    return end
  }

  /** A value whose members may be any: taken where the plain path would keep its bytes as they are, but for holes. */
  private freeForm(place: Place, at: number): number {
    this.hasHoles = false
    this.longestString = this.longestName = this.deepest = this.named = 0
    const end = this.any(at, 0, place.byHash.size > 0 ? place : undefined)
    if (end === -1 || end - at > maxFreeForm) return -1
    if (this.longestString > maxString || (this.longestName + 1) * this.deepest > maxPath) return -1
    if (!this.empty) this.push(place, this.hasHoles ? holed : whole, at, end)
    return end
  }

  private any(at: number, level: number, known: Place | undefined): number {
    const { bytes } = this
    const byte = bytes[at]
    if (byte === QUOTE) {
      const end = behindString(bytes, this.view, at + 1)
      if (end - at > this.longestString) this.longestString = end - at
      this.empty = end === at + 2
      return end
    }
    if (byte === OBJECT_OPEN) return this.anyObject(at, level, known)
    if (byte === ARRAY_OPEN) return this.anyArray(at, level)
    this.empty = byte === 0x6e
    return behindLiteral(bytes, at)
  }

  private anyArray(from: number, level: number): number {
    const { bytes } = this
    if (level === maxLevels) return -1
    if (level >= this.deepest) this.deepest = level + 1
    let kept = false
    let at = from + 1
    if (bytes[at] === ARRAY_CLOSE) at++
    else
      for (;;) {
        at = this.any(at, level + 1, undefined)
        if (at === -1) return -1
        if (this.empty) this.hasHoles = true
        else kept = true
        const byte = bytes[at++]
        if (byte === ARRAY_CLOSE) break
        if (byte !== COMMA) return -1
      }
    this.empty = !kept
    return at
  }

  private anyObject(from: number, level: number, known: Place | undefined): number {
    const { bytes, view, names } = this
    if (level === maxLevels) return -1
    if (level >= this.deepest) this.deepest = level + 1
    const base = this.named
    let kept = false
    let bits = 0
    let at = from + 1
    if (bytes[at] === OBJECT_CLOSE) at++
    else
      for (;;) {
        if (bytes[at] !== QUOTE) return -1
        const i = stopFrom(view, at + 1, bytes.length)
        const hash = hashOf(view, at + 1, i)
        if (bytes[i] !== QUOTE || bytes[i + 1] !== COLON || isIndex(bytes, at + 1, i)) return -1
        if (i - at > this.longestName) this.longestName = i - at
        // One name twice: JSON.parse takes the last.
        const bit = 1 << (hash >>> 27)
        if ((bits & bit) !== 0) for (let n = base; n < this.named; n++) if (names[n] === hash) return -1
        bits |= bit
        if (this.named - base === maxMembers) return -1
        names[this.named++] = hash
        let place = known?.byHash.get(hash)
        if (place !== undefined && !standsAt(view, bytes.length, at, place)) place = undefined
        const start = i + 2
        if (bytes[start] === QUOTE) {
          at = behindString(bytes, view, start + 1)
          if (at - start > this.longestString) this.longestString = at - start
          this.empty = at === start + 2
        } else at = this.any(start, level + 1, place?.kind === 'object' ? place : undefined)
        if (at === -1) return -1
        if (this.empty) this.hasHoles = true
        else {
          kept = true
          if (place?.kind === 'text') {
            const first = bytes[start]
            if (first === OBJECT_OPEN || first === ARRAY_OPEN) return -1
            this.push(place, first === QUOTE ? asIs : quoted, start, at)
          }
        }
        const byte = bytes[at++]
        if (byte === OBJECT_CLOSE) break
        if (byte !== COMMA) return -1
      }
    this.named = base
    this.empty = !kept
    return at
  }
}

/** Four bytes at a time; no key is shorter. */
function standsAt(view: DataView, end: number, at: number, { key, keyLength }: Place): boolean {
  const last = keyLength - 4
  if (at + keyLength > end) return false
  for (let i = 0; i < last; i += 4) if (view.getInt32(at + i) !== key.getInt32(i)) return false
  return view.getInt32(at + last) === key.getInt32(last)
}

function isVisible(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (bytes[at]! < 0x21 || bytes[at]! > 0x7e || bytes[at] === 0x5c) return false
  return true
}

/** JavaScript puts members named by a whole number before all others. */
function isIndex(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (bytes[at]! < 0x30 || bytes[at]! > 0x39) return false
  return start < end
}
