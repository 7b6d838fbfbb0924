/**
 * An object whose member `records` is made when somebody asks for it. The other members of a batch are assigned to it.
 *
 * All instances share one getter. A getter in an object literal would give each batch a hidden class of its own. V8 keeps
 * that class in old space, with the getter and its closure: every batch and its bytes would live until a full garbage
 * collection (`npm run bench -- memory` shows it).
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
