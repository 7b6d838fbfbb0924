/**
 * An own member `records` that is made when somebody asks for it; the other members are assigned to it.
 *
 * The getter is one for all of them. One in an object literal would give each object a hidden class of its own, which V8
 * keeps in old space together with the getter and all that it closes over: every batch and its bytes would live until a
 * full garbage collection (`npm run bench -- memory` shows it).
 */
export class RecordsOnDemand<T> {
  declare readonly records: readonly T[]
  static readonly #member: PropertyDescriptor & ThisType<RecordsOnDemand<unknown>> = {
    enumerable: true,
    get() {
      this.#records ??= this.#make()
      return this.#records
    },
  }
  readonly #make: () => readonly T[]
  #records: readonly T[] | undefined
  constructor(make: () => readonly T[]) {
    this.#make = make
    Object.defineProperty(this, 'records', RecordsOnDemand.#member)
  }
}
