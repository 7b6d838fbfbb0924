import { describe } from 'vitest'
import { closingSuite } from './closing.suite.ts'

describe('what stood around records, by the wasm modules', () => closingSuite())
