import { memoBytes } from '../../engine/memo.ts'
import { delimitedPages, jsonPages } from '../../engine/memory.ts'

/**
 * Where things are in the engine's memory, in bytes from its beginning, and where in each of them its members are. The
 * host writes places and shapes there; the engine reads them.
 */

/** Longer records take the plain path. */
export const maxRecord: i32 = 64 * 1024
/** A block is no longer than this. */
export const maxBlock: i32 = 256 * 1024
/** More objects than this in one list are left to the plain path: each is compared with those before it. */
export const maxObjects: i32 = 64
/** Members that are known of the objects in a list. */
export const objectWidth: i32 = 8
/** Deeper nesting is left to the plain path, which makes text of it. */
export const maxLevels: i32 = 16
/** More members in one object than this are left to the plain path: each is compared with those before it. */
export const maxMembers: i32 = 64
/** More members than this that the table does not know are left to the plain path, and longer names of them. */
export const maxUnknown: i32 = 32
export const maxUnknownName: i32 = 64
/** More values that are not written as they stand than a record has. */
export const maxHoled: i32 = 64
/** Objects within objects of a document. */
export const maxOpen: i32 = 32

/** Behind the memory of the delimited encoding's engine: in JavaScript both have one. */
const base: i32 = delimitedPages * 65_536
/** The memo's words, and the keys of more than one input. */
export const memoAt: i32 = base
export const keyAt: i32 = memoAt + memoBytes + 4
/** The member `event.ingested`: the host writes it with the block at hand. */
export const ingestedText: i32 = base + 3072
/** Kinds of ids that an event may touch, and how many ids of a record are written at most. */
export const entityKindsAt: i32 = base + 3200
export const entityList: i32 = 100
/** Texts of what stood around records, for the ends of `aws` and of `cloud`, and before them their lengths: 0 for none. */
export const closingLengthsAt: i32 = base + 4096
export const closingsAt: i32 = base + 4112
/** The block at hand, of which records are scanned or written; zeros behind it stop each look. */
export const inputAt: i32 = base + 7360
/** A value that lay in two blocks. */
export const wholeAt: i32 = inputAt + maxBlock + 64
export const tapeAt: i32 = wholeAt + maxRecord + 64
/** A regular member has eight bytes at least, and an entry of the tape twelve. */
export const tapeBytes: i32 = 2 * maxBlock
export const outputAt: i32 = tapeAt + tapeBytes
export const outputBytes: i32 = 1024 * 1024
/** Values without holes and idle backslashes; and for each its entry, its begin and its end. */
export const keptAt: i32 = outputAt + outputBytes
export const holedAt: i32 = keptAt + maxRecord + 64
/** Hashes of the names in the objects that are open. */
export const namesAt: i32 = holedAt + maxHoled * 12
/** Places of the members of a record that the table does not know. */
export const unknownAt: i32 = namesAt + maxLevels * maxMembers * 4
/** Begin and end of each member of each object in a list. */
export const objectsAt: i32 = unknownAt + maxUnknown * 4
/** Where the objects begin that are open in a document. */
export const openedAt: i32 = objectsAt + maxObjects * objectWidth * 8
/** Shapes by their hash: an address or 0. */
export const shapesAt: i32 = openedAt + maxOpen * 4
export const shapeSlots: i32 = 4096
/** Where the host writes what is recalled, and the recalled entries by their hash. */
export const mailboxAt: i32 = shapesAt + shapeSlots * 4
export const mailboxBytes: i32 = 64 * 1024
export const memoSlotsAt: i32 = mailboxAt + mailboxBytes + 64
export const memoSlots: i32 = 16_384
export const memoEntriesAt: i32 = memoSlotsAt + memoSlots * 4
export const memoEntriesEnd: i32 = memoEntriesAt + 512 * 1024
/** What the host adds and, when it is full, drops altogether. */
export const arenaAt: i32 = memoEntriesEnd + 64
export const memoryEnd: i32 = base + jsonPages * 65_536

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
/** Texts that mean more than a value, or 0. */
export const placeChecks: i32 = 40
/** Its rank among the fields that are a record's id, from 1 on, or 0. */
export const placeId: i32 = 44
/** 1 where a record that has it is one of the format. */
export const placeTells: i32 = 48
/** 1 where the record's view looks for its entry: an object at the record's top. */
export const placeNoted: i32 = 52
export const placeBytes: i32 = 56

/** Checks of a value's text: their number; for each what it is, the text, its length, and a place. */
export const checkBytes: i32 = 16
/** What does not end in the text is left to the plain path. */
export const checkEnds: i32 = 0
export const checkAbsent: i32 = 1
export const checkCase: i32 = 2

/** What JSON values a place takes, and how. */
export const kindText: i32 = 0
/** Text that an address is looked for in. */
export const kindAddress: i32 = 1
/** Text that is recalled where a `%` is in it. */
export const kindEncoded: i32 = 2
/** A scalar that is recalled by its bytes. */
export const kindRecall: i32 = 3
export const kindTime: i32 = 4
export const kindBoolean: i32 = 5
export const kindDigits: i32 = 6
export const kindDecimal: i32 = 7
export const kindSeconds: i32 = 8
export const kindMilliseconds: i32 = 9
export const kindFreeForm: i32 = 10
/** An object, or a list of objects, that is kept as it is. */
export const kindFlat: i32 = 11
/** A list of objects. */
export const kindObjects: i32 = 12
export const kindObject: i32 = 13
/** No field, but an input of derived values, inside a free-form object. */
export const kindInput: i32 = 14
export const kindUnknown: i32 = 15
/** Left to the plain path. */
export const kindPlain: i32 = 16

/**
 * How a value is written: as it stands, in quotes, an address as it stands, an object as it is, one with holes or a value
 * with a backslash before a slash, not at all, a string without its quotes, recalled, a list of strings.
 */
export const asIs: i32 = 0
export const quoted: i32 = 1
export const address: i32 = 2
export const whole: i32 = 3
export const holed: i32 = 4
export const absent: i32 = 5
export const bare: i32 = 6
export const recalled: i32 = 7
export const list: i32 = 8
export const classBits: i32 = 4

/**
 * The tape has a record's length in words, the hash of its codes, the begin and end of its id, and its entries: a place's
 * number and the class of its value in one code, and where in the record the value begins and ends.
 */
export const tapeHash: i32 = 4
export const tapeId: i32 = 8
export const tapeIdEnd: i32 = 12
export const tapeEntries: i32 = 16
export const entryBytes: i32 = 12

/** A shape: hash, number of entries, whether it is odd, … */
export const shapeEntries: i32 = 4
export const shapeOdd: i32 = 8
/** … the literal text behind all, steps and codes. */
export const shapeAfter: i32 = 12
export const shapeAfterLength: i32 = 16
export const shapeSteps: i32 = 20
export const shapeStepsEnd: i32 = 24
export const shapeCodes: i32 = 28

/**
 * A step: a literal text, and what follows it: an operation with two numbers. The length's lowest bit tells whether the
 * text begins upon the last byte, a comma.
 */
export const stepLength: i32 = 4
export const stepOp: i32 = 8
export const stepEntry: i32 = 12
export const stepTarget: i32 = 16
export const stepBytes: i32 = 20

export const opCopy: i32 = 0
export const opQuote: i32 = 1
/** Without its quotes. */
export const opBare: i32 = 2
export const opTime: i32 = 3
export const opSeconds: i32 = 4
export const opMilliseconds: i32 = 5
export const opText: i32 = 6
export const opHoledText: i32 = 7
export const opHoled: i32 = 8
/** Objects of a list, each once; the target is the address of what is known of them. */
export const opObjects: i32 = 9
/** Objects with a name and a value as one object; the target is the address of their names. */
export const opPairs: i32 = 10
/** One of these values. */
export const opPicked: i32 = 11
/** Writes only where the steps before it have said that there is something; the target is the address of more words. */
export const opMember: i32 = 12
/** An object whose members may all be absent: its text's address and length in the two numbers; and its end. */
export const opOpen: i32 = 13
export const opClose: i32 = 14
/** A list whose items may all be absent or repeat each other; and its end. */
export const opList: i32 = 15
export const opListEnd: i32 = 16
/** Items of such a list: as `opMember`, without a key. */
export const opItem: i32 = 17
/** A list of strings, or one member of the objects in a list, as items. */
export const opItems: i32 = 18
export const opMemberItems: i32 = 19
/** A literal text, in an `opMember` or `opItem`. */
export const opLiteral: i32 = 20
/** What is recalled: the target is the address of a group's use, and which of its texts. */
export const opRecall: i32 = 21
/** The name of a session in a principal's id, or nothing; in an `opMember` or `opItem`. */
export const opSession: i32 = 22
/** The ids among the texts of a free-form value or of a list of objects; in an `opItem`. */
export const opEntities: i32 = 23
/** One of the values of pairs that is a host; `odd` where it has a colon, behind which a port may stand. */
export const opPickedHost: i32 = 24
/** A name of DNS without its last dot. */
export const opName: i32 = 25
/** The same, `odd` where the name may be an address's; and nothing but that. */
export const opHostName: i32 = 26
export const opReverseName: i32 = 27
/** Values of the objects in a list whose other member is a text, as items; the target is as that of `opPicked`. */
export const opItemsWhere: i32 = 28
/** The end of `aws` or `cloud`, or an account in it: the target says which, and what is done there, as `closings.ts` has it. */
export const opClosing: i32 = 29
/** The name of a session that is an address of e-mail, or nothing. */
export const opSessionEmail: i32 = 30
/** The extension of a path, or nothing. */
export const opExtension: i32 = 31
/** Which members, in the text's number: the value's, that of the other, and whether addresses alone are taken. */
export const whereShift: i32 = 8
export const addressesShift: i32 = 16

/** An `opMember`'s words: its key, the key's length, the step to go on with once it has written, its own operation. */
export const memberKey: i32 = 0
export const memberKeyLength: i32 = 4
export const memberNext: i32 = 8
export const memberOp: i32 = 12
export const memberTarget: i32 = 16
/** Of what is recalled: which text. */
export const memberText: i32 = 20

/** A group's use in a shape: the record that it was recalled for, its entry, its number, its inputs. */
export const useStamp: i32 = 0
export const useEntry: i32 = 4
export const useGroup: i32 = 8
export const useTexts: i32 = 12
export const useCount: i32 = 16
export const useInputs: i32 = 20
/** An input: the entry of its value, and a facet's marks with their number, or 0. */
export const inputBytes: i32 = 12

/** Objects of a list, as the table knows them: how many names, how many members; names, members. */
export const objectsNames: i32 = 0
export const objectsMembers: i32 = 4
export const objectsTable: i32 = 8
/** A name: its key, the key's length, its member. A member: its key in the document, that one's length, its flags. */
export const nameBytes: i32 = 12
/** It tells one object from another. */
export const memberTells: i32 = 1
/** Its value is written without the dot at its end. */
export const memberIsDotless: i32 = 2

/** Longer results are left to the plain path, so that the room a document needs has a bound. */
export const longestResult: i32 = 1024
