import { defineConfig } from 'tsup'

export default defineConfig({
  entry: ['src/cli.ts'],
  format: 'esm',
  target: 'node20.19',
  clean: true,
  tsconfig: '../../tsconfig.build.json',
})
