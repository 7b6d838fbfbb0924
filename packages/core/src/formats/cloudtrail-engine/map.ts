/**
 * Where things are in the engine's memory, in bytes from its beginning, and where in each of them its members are. The
 * host writes places and shapes there; the engine reads them.
 */

/** Longer records take the plain path. */
export const maxRecord: i32 = 64 * 1024
/** A block is no longer than this. */
export const maxBlock: i32 = 256 * 1024
/** More resources than this in one event are left to the plain path: each is compared with those before it. */
export const maxResources: i32 = 32
/** Members of a resource that the document has. */
export const resourceWidth: i32 = 4
/** Deeper nesting is left to the plain path, which makes text of it. */
export const maxLevels: i32 = 16
/** More members in one object than this are left to the plain path: each is compared with those before it. */
export const maxMembers: i32 = 64
/** More members than this that the table does not know are left to the plain path, and longer names of them. */
export const maxUnknown: i32 = 32
export const maxUnknownName: i32 = 64
/** More values that are not written as they stand than a record has. */
export const maxHoled: i32 = 64

/** The block at hand, of which records are scanned or written; zeros behind it stop each look. */
export const inputAt: i32 = 1024
/** A value that lay in two blocks. */
export const wholeAt: i32 = inputAt + maxBlock + 64
export const tapeAt: i32 = wholeAt + maxRecord + 64
/** A regular member has eight bytes at least, and an entry of the tape twelve. */
export const tapeBytes: i32 = 2 * maxBlock
export const outputAt: i32 = tapeAt + tapeBytes
const outputBytes: i32 = 512 * 1024
/** Values without holes and idle backslashes; and for each its entry, its begin and its end. */
export const keptAt: i32 = outputAt + outputBytes
export const holedAt: i32 = keptAt + maxRecord + 64
/** Hashes of the names in the objects that are open. */
export const namesAt: i32 = holedAt + maxHoled * 12
/** Places of the members of a record that the table does not know. */
export const unknownAt: i32 = namesAt + maxLevels * maxMembers * 4
/** Begin and end of each member of each resource. */
export const resourcesAt: i32 = unknownAt + maxUnknown * 4
/** Shapes by their hash: an address or 0. */
export const shapesAt: i32 = resourcesAt + maxResources * resourceWidth * 8
export const shapeSlots: i32 = 4096
/** Results by the hash of their input. */
export const memoAt: i32 = shapesAt + shapeSlots * 4
export const memoSlots: i32 = 4096
/** What the host adds and, when it is full, drops altogether. */
export const arenaAt: i32 = memoAt + memoSlots * 20
export const memoryBytes: i32 = 96 * 65_536

/** A place of the table: its kind, its key with quotes and colon, and its number in an entry's upper bits. */
export const placeKind: i32 = 0
export const placeKey: i32 = 4
export const placeKeyLength: i32 = 8
export const placeCode: i32 = 12
/** Its members' hashes and addresses, in a table of a power of two slots; 0 slots less one where it has none. */
export const placeTable: i32 = 16
export const placeMask: i32 = 20
/** Its first member, and the member that follows it, in the record before: nearly always in this one too. */
export const placeFirst: i32 = 24
export const placeNext: i32 = 28
/** The last record that had it. */
export const placeSeen: i32 = 32
/** Records that had it, since the host asked, where the table does not know it. */
export const placeCount: i32 = 36
export const placeBytes: i32 = 40

export const kindText: i32 = 0
export const kindRecall: i32 = 1
export const kindTime: i32 = 2
export const kindBoolean: i32 = 3
export const kindFreeForm: i32 = 4
export const kindFlat: i32 = 5
export const kindResources: i32 = 6
export const kindObject: i32 = 7
export const kindAddress: i32 = 8
export const kindId: i32 = 9
export const kindKey: i32 = 10
export const kindUnknown: i32 = 11

/**
 * How a value is written: as it stands, in quotes, an address as it stands, an object as it is, one with holes or a value
 * with a backslash before a slash, not at all.
 */
export const asIs: i32 = 0
export const quoted: i32 = 1
export const address: i32 = 2
export const whole: i32 = 3
export const holed: i32 = 4
export const absent: i32 = 5
export const classBits: i32 = 3

/**
 * The tape has a record's length in words, the hash of its codes, the begin and end of its id, and its entries: a place's
 * number and the class of its value in one code, and where in the record the value begins and ends.
 */
export const tapeHash: i32 = 4
export const tapeId: i32 = 8
export const tapeIdEnd: i32 = 12
export const tapeEntries: i32 = 16
export const entryBytes: i32 = 12

/** A shape: hash, number of entries, whether it is odd, its key's entry, … */
export const shapeEntries: i32 = 4
export const shapeOdd: i32 = 8
export const shapeKey: i32 = 12
export const shapeSpecial: i32 = 16
export const shapePresence: i32 = 20
/** … the literal text behind all, steps and codes. */
export const shapeAfter: i32 = 24
export const shapeAfterLength: i32 = 28
export const shapeSteps: i32 = 32
export const shapeStepsEnd: i32 = 36
export const shapeCodes: i32 = 40

/** A step: a literal text, and what follows it: an operation with two numbers. */
export const stepLength: i32 = 4
export const stepOp: i32 = 8
export const stepEntry: i32 = 12
export const stepTarget: i32 = 16
export const stepBytes: i32 = 20

export const opCopy: i32 = 0
export const opQuote: i32 = 1
export const opTime: i32 = 2
export const opText: i32 = 3
export const opHoledText: i32 = 4
export const opHoled: i32 = 5
export const opResources: i32 = 6
export const opRecall: i32 = 7
/** Strings that are items of a list, each once: the target is the address of their number and their entries. */
export const opList: i32 = 8
/** Members that are computed from the key: a comma before each, or nothing at all. */
export const opDerived: i32 = 9

/** A slot of the memo: kind, input, its length, result, and its hash. A result: how many texts, and where they are. */
export const memoInput: i32 = 4
export const memoLength: i32 = 8
export const memoResult: i32 = 12
export const memoHash: i32 = 16
export const memoBytes: i32 = 20
/** Longer inputs are computed each time: they would push many short ones out. */
export const longestInput: i32 = 256
/** Results longer than this are left to the plain path, so that the room a document needs has a bound. */
export const longestResult: i32 = 1024
/** Kinds below are derived values by presence, then come places by number; this is what depends on a whole record. */
export const kindSpecial: i32 = -1
export const kindPlaces: i32 = 16
