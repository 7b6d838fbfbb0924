import { type Random, random } from '../support/random.ts'

/** How many files are mutated: `npm run fuzz -- 5000`. */
export const inputs = Number(process.env.FLOWFERRY_FUZZ_INPUTS ?? 2000)
/** Of what is dearer than to read a file, a hundredth. */
export const dearInputs = Math.ceil(inputs / 100)
/** `FLOWFERRY_FUZZ_SEED` makes others. */
export const seed = Number(process.env.FLOWFERRY_FUZZ_SEED ?? 1)
/** Each input depends on the seed and its number alone. */
export const chanceOf = (number: number): Random => random(seed * 1_000_003 + number)
