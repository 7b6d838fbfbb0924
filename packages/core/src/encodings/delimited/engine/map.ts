/** Where everything stands in the engine's memory, and what the words of a program mean. */

// ── The memory, from its beginning ───────────────────────────────────────────────────────────────────────────────────

/** Where `scan` tells how many bytes it took, and `encodeRun` why it stopped. */
export const status: i32 = 64
/** What stands before each id and behind each document, and how many bytes of either there may be. */
export const lead: i32 = 128
export const tail: i32 = 2304
export const mostText: i32 = 2048
/** `"}}` and a line end, which stand behind an id. */
export const behindId: i32 = 72
export const key: i32 = 4480
export const opened: i32 = 6656
/** Objects within objects of a document. */
export const deepest: i32 = 32
/** For values that are split into parts: the number of the record, and where each part begins and ends. */
export const parts: i32 = 6848
export const mostSlots: i32 = 4
export const slotBytes: i32 = 80
export const partsWord: i32 = 4
export const partCount: i32 = 9
export const domainPart: i32 = 0
export const portPart: i32 = 1
export const methodPart: i32 = 2
export const urlPart: i32 = 3
export const schemePart: i32 = 4
export const pathPart: i32 = 5
export const queryPart: i32 = 6
export const versionPart: i32 = 7
export const extensionPart: i32 = 8
/** The end of a part that the plain function tells. */
export const isAsked: i32 = -1
/** For each column, the number of the record whose address was checked last, times 2, and 1 where it is one. */
export const checked: i32 = 7168
export const mostColumns: i32 = 256
/** For each record of a run: its line, its ordinal, the end of what is added to it, and the end of what was written. */
export const lines: i32 = 8192
export const ordinals: i32 = 12288
export const addedEnds: i32 = 16384
export const writtenEnds: i32 = 20480
export const mostRecords: i32 = 1024
export const added: i32 = 24576
export const mostAdded: i32 = 65536
/** Where `compute` writes: the ends of the group's texts, and the texts. */
export const mailbox: i32 = 90240
export const mostMail: i32 = 65536
export const programs: i32 = 155904
export const programsEnd: i32 = 418048
/** The memo's words, its entries' addresses by hash, and its entries. */
export const memo: i32 = 6784
export const slots: i32 = 418048
export const slotCount: i32 = 16384
export const entries: i32 = 483584
export const entriesEnd: i32 = 1007872
export const input: i32 = 1007936
export const mostInput: i32 = 278528
/**
 * For each line of the input: where it starts and stops, whether it is regular, where each of its values ends, and bits
 * for those of its first 64 columns that are absent.
 */
export const starts: i32 = 1286528
export const stops: i32 = 1352064
export const regular: i32 = 1417600
export const mostLines: i32 = 16384
export const ends: i32 = 1433984
export const mostEnds: i32 = 196608
export const absences: i32 = 1630592
export const output: i32 = 1761664
export const mostOutput: i32 = 131072
/** Behind what a copy may write too much: the block that is hashed, and the two addresses that go into it. */
export const block: i32 = 1892864
export const addressWords: i32 = 1893248
export const addressBytes: i32 = 32
/** Texts of what stood around records, for the ends of `aws` and of `cloud`, and before them their lengths: 0 for none. */
export const closingLengths: i32 = 1893504
export const closings: i32 = 1893520
/** Members that a batch has for all its records, with their commas: their lengths, 0 for none, and the texts. */
export const mostBatchTexts: i32 = 3
export const batchLengths: i32 = 1896720
export const batchTexts: i32 = 1896736
export const batchTextBytes: i32 = 1024

// ── A program ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Its first words; the columns' kinds follow. */
export const delimiterWord: i32 = 0
export const absentWord: i32 = 4
export const columnsWord: i32 = 8
export const stepsWord: i32 = 12
export const groupsWord: i32 = 16
export const groupCountWord: i32 = 20
export const roomWord: i32 = 24
export const copiesWord: i32 = 28

/** What may open a value: bits for quotes and brackets. */
export const wrapsWord: i32 = 32
export const quotesBit: i32 = 1
export const bracketsBit: i32 = 2
/** How many columns are enough in a line. */
export const leastWord: i32 = 36
/** A word a column: the texts that stand for no value in it, or 0; 0 where no column has such. */
export const absentsWord: i32 = 40

/** Shapes: the steps for a set of absent columns, as two words of bits, and how many there are. */
export const shapeCountWord: i32 = 44
export const shapesWord: i32 = 48
export const shapeBytes: i32 = 12
export const mostShapes: i32 = 32
/** Bits of the first 64 columns, two words each: those that may stand in quotes, and those that do where they have a value. */
export const quotesWord: i32 = 432
export const kindsWord: i32 = 448
/** A column's kind: the most digits of a whole number, 0 for any text, or one of these. */
export const isDecimalKind: i32 = -1
export const isTimeKind: i32 = -2
export const isCommonLogTimeKind: i32 = -3
export const isHexadecimalKind: i32 = -4

/**
 * A step's words: what it is, text that is written always, text before a value, the value. The first word also tells
 * whether the text that is written always begins upon the last comma, and its length.
 */
export const stepBytes: i32 = 44
export const isMask: i32 = 31
export const backShift: i32 = 5
export const lengthShift: i32 = 6
export const isEnd: i32 = 0
export const isText: i32 = 1
export const isOpen: i32 = 2
export const isClose: i32 = 3
export const isList: i32 = 4
export const isListEnd: i32 = 5
/** The column's bytes, which are there. */
export const isSure: i32 = 6
/** The column's bytes where there are any: always, only for an IPv4 address, or only without a `%`; else as recalled. */
export const isCopy: i32 = 7
export const isAddress: i32 = 8
export const isUndecoded: i32 = 9
export const isRecall: i32 = 10
/** A time in JSON's form, a part of the column's value, and whether the step behind it is of the record's case. */
export const isTime: i32 = 11
export const isPart: i32 = 12
export const isCase: i32 = 13
/** The hash of addresses, ports and protocol: `network.community_id`. */
export const isCommunityId: i32 = 14
/** The end of `aws` or `cloud`, or an account in it: `partWord` says which, and what is done there. */
export const isClosing: i32 = 15
/** A member of `batchTexts`: `partWord` says which. */
export const isOfBatch: i32 = 16
export const beforeWord: i32 = 4
export const textWord: i32 = 8
export const textLengthWord: i32 = 12
export const columnWord: i32 = 16
export const quotedWord: i32 = 20
export const groupWord: i32 = 24
export const targetWord: i32 = 28
/** 1 where an item may stand in its list already. */
export const repeatableWord: i32 = 32
/** Where to go on once this step has written something: of a value's sources the first one counts. */
export const nextWord: i32 = 36

/**
 * Of a time its kind; of a hash its seed; of a closing which, as `closings.ts` says; of a case 1 where its column is percent-encoded; of a part its number, the slot, and bits: of a
 * request line, an address alone, a name that is none, a number, a path.
 */
export const partWord: i32 = 40
export const partMask: i32 = 15
export const requestBit: i32 = 16
export const addressBit: i32 = 32
export const nameBit: i32 = 64
export const numberBit: i32 = 128
export const slotShift: i32 = 8
export const pathBit: i32 = 65536

/** A group's words: inputs whose pure functions are recalled together. An input is a column, or a facet of it. */
export const stampWord: i32 = 0
export const entryWord: i32 = 4
export const numberWord: i32 = 8
export const targetsWord: i32 = 12
/** 1 where the inputs are neighbours, so that the line's own bytes are the key. */
export const neighboursWord: i32 = 16
export const inputCountWord: i32 = 20
export const inputsWord: i32 = 24
/** An input: its column, what of it is looked at, the marks of a facet and their number. */
export const inputBytes: i32 = 16
export const lookWord: i32 = 4
export const marksWord: i32 = 8
export const markCountWord: i32 = 12
/** The inputs of a hash: each side's addresses, of which the first that is one counts, ports, and the protocol. */
export const sourceInput: i32 = 0
export const destinationInput: i32 = 2
export const sourcePortInput: i32 = 4
export const destinationPortInput: i32 = 5
export const protocolInput: i32 = 6
export const isValue: i32 = 0
export const isMarks: i32 = 1
/** The value, of `[address]:port` without the port: addresses repeat, and these with their ports do not. */
export const isWithoutPort: i32 = 2
/** Whether there is a value; and the value where there is one. */
export const isPresence: i32 = 3
export const isOptional: i32 = 4
/** Bytes of a key, which no value has. */
export const absentMark: i32 = 1
export const presentMark: i32 = 2

export const LF: i32 = 0x0a
export const ZERO: i32 = 0x30
export const POINT: i32 = 0x2e
