import { inspect } from 'node:util'

/** What a view is made of: something that reads members when they are asked for. */
export class Viewed {
  [inspect.custom](): object {
    return { ...(this as object) }
  }
}

/**
 * Makes records whose members are read when they are asked for: what a filter of two fields needs of thirty. They look
 * like the whole record (own keys, `in`, spread, JSON), and cannot be written to.
 *
 * @param memberOf gives an own member, or undefined where there is none
 */
export function viewer<V extends Viewed>(
  memberOf: (viewed: V, name: string | symbol) => unknown,
  wholeOf: (viewed: V) => object,
): (viewed: V) => object {
  const refuse = () => false
  const handler: ProxyHandler<V> = {
    get: (viewed, name, receiver) => {
      const value = memberOf(viewed, name)
      return value === undefined ? Reflect.get(Object.prototype, name, receiver) : value
    },
    has: (viewed, name) => memberOf(viewed, name) !== undefined || name in Object.prototype,
    ownKeys: (viewed) => Reflect.ownKeys(wholeOf(viewed)),
    getOwnPropertyDescriptor: (viewed, name) => {
      const value = memberOf(viewed, name)
      return value === undefined ? undefined : { value, writable: true, enumerable: true, configurable: true }
    },
    getPrototypeOf: () => Object.prototype,
    set: refuse,
    defineProperty: refuse,
    deleteProperty: refuse,
    setPrototypeOf: refuse,
    preventExtensions: refuse,
  }
  return (viewed) => new Proxy(viewed, handler)
}
