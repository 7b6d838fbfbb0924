/** Bytes that have a meaning in lines and in JSON. */
export const TAB = 0x09
export const LF = 0x0a
export const CR = 0x0d
export const SPACE = 0x20
export const QUOTE = 0x22
export const COMMA = 0x2c
export const COLON = 0x3a
export const BACKSLASH = 0x5c
export const ARRAY_OPEN = 0x5b
export const ARRAY_CLOSE = 0x5d
export const OBJECT_OPEN = 0x7b
export const OBJECT_CLOSE = 0x7d
