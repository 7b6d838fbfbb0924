/** AssemblyScript's own name of a 32-bit integer, which `engine.ts` uses; in JavaScript it is a number. */
declare type i32 = number
