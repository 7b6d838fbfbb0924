import { describe } from 'vitest'
import { fastPathSuite } from './fast-path.suite.ts'

describe('generated code writes what the plain path does, byte for byte', fastPathSuite)
