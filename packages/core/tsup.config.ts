import { defineConfig } from 'tsup'
import { shared } from '../../tsup.shared.ts'
import { formats } from './src/formats/index.ts'

export default defineConfig({
  ...shared,
  entry: [
    'src/index.ts',
    'src/internal.ts',
    'src/schema/index.ts',
    'src/testing/index.ts',
    'src/formats/index.ts',
    ...Object.keys(formats).map((name) => `src/formats/${name}.ts`),
  ],
  dts: true,
  // Puts the engine's constants where they are used; as variables of a module they are looked up at every byte.
  esbuildOptions: (options) => {
    options.minifySyntax = true
  },
})
