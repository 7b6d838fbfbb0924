import { describe, vi } from 'vitest'
import { fastPathSuite } from './fast-path.suite.ts'

// As in a process that forbids code from strings.
vi.mock('./generate.ts', () => ({ generate: () => undefined }))

describe('the interpreter writes what the plain path does, byte for byte', fastPathSuite)
