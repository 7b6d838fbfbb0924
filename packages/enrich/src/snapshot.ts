export { type TakeOptions, takeSnapshot } from './interfaces/take.ts'
