import { defineConfig } from 'tsup'
import { shared } from '../../tsup.shared.ts'

export default defineConfig({ ...shared, entry: ['src/cli.ts', 'src/index.ts'], dts: { entry: 'src/index.ts' } })
