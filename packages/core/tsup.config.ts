import { defineConfig } from 'tsup'

export default defineConfig({
  entry: [
    'src/index.ts',
    'src/testing.ts',
    'src/formats/vpc-flow.ts',
    'src/formats/cloudtrail.ts',
    'src/formats/cloudfront.ts',
  ],
  format: 'esm',
  target: 'node20.19',
  dts: true,
  clean: true,
  tsconfig: '../../tsconfig.build.json',
  // Puts the engine's constants where they are used; as variables of a module they are looked up at every byte.
  esbuildOptions: (options) => {
    options.minifySyntax = true
  },
})
