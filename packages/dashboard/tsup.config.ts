import { copyFile, mkdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'tsup'
import { shared } from '../../tsup.shared.ts'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** The server, and the page that it serves: three files that need nothing else. */
export default defineConfig([
  { ...shared, entry: ['src/index.ts'], clean: ['!page/**'], dts: true },
  {
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    entry: { page: 'src/page/main.tsx' },
    outDir: 'dist/page',
    clean: true,
    minify: true,
    splitting: false,
    noExternal: [/./],
    // The packages around these two files are Node's.
    esbuildOptions: (options) => {
      options.alias = {
        '@flowferry/core/internal': here('../core/src/figures.ts'),
        '@flowferry/core': here('../core/src/text.ts'),
      }
    },
    tsconfig: 'src/page/tsconfig.build.json',
    onSuccess: async () => {
      await mkdir(here('dist/page'), { recursive: true })
      for (const name of ['index.html', 'page.css']) await copyFile(here(`src/page/${name}`), here(`dist/page/${name}`))
    },
  },
])
