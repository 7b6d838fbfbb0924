/** Names that a column cannot have in a record: what the record or every object has already. */
export const reserved: ReadonlySet<string> = new Set(['kind', ...Object.getOwnPropertyNames(Object.prototype)])

/** Names that are taken, and the last number that was put behind each. */
export type Taken = Map<string, number>

export function takenNames(names: Iterable<string>): Taken {
  return new Map(Array.from(names, (name) => [name, 1]))
}

/** The name, or the first of `name_2`, `name_3`, … that is not taken; it is taken then. */
export function freeName(name: string, taken: Taken): string {
  let number = taken.get(name)
  if (number === undefined) {
    taken.set(name, 1)
    return name
  }
  let free: string
  do free = `${name}_${++number}`
  while (taken.has(free))
  taken.set(name, number)
  taken.set(free, 1)
  return free
}

const [digit0, digit9, upperA, upperZ, lowerA, lowerZ] = [48, 57, 65, 90, 97, 122]
const isUpper = (code: number) => code >= upperA && code <= upperZ
const isLower = (code: number) => code >= lowerA && code <= lowerZ
const isDigit = (code: number) => code >= digit0 && code <= digit9

/** `cs(User-Agent)` to `cs_user_agent`, `DNSName` to `dns_name`; `field` where it has no letter or digit of ASCII's. */
export function snakeCase(name: string): string {
  if (/^[a-z\d]+(?:_[a-z\d]+)*$/.test(name)) return name
  let result = ''
  let before = 0
  for (let at = 0; at < name.length; at++) {
    const code = name.charCodeAt(at)
    const begins = isUpper(code) && (!isUpper(before) || isLower(name.charCodeAt(at + 1)))
    if (isUpper(code) || isLower(code) || isDigit(code)) {
      const follows = isUpper(before) || isLower(before) || isDigit(before)
      result +=
        (result !== '' && (begins || !follows) ? '_' : '') + String.fromCharCode(isUpper(code) ? code + 32 : code)
    }
    before = code
  }
  return result || 'field'
}
