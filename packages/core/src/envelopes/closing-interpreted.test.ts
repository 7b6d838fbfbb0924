import { describe, vi } from 'vitest'
import { closingSuite } from './closing.suite.ts'

// As in a process without it: `node --jitless`.
vi.stubGlobal('WebAssembly', undefined)

describe('what stood around records, by the engines in JavaScript', () => closingSuite())
