import { copyFile } from 'node:fs/promises'
import type { Options } from 'tsup'

/** What the build of every published package has in common. */
export const shared = {
  format: 'esm',
  target: 'node20.19',
  clean: true,
  // They hold the sources, since no tarball has src: `node --enable-source-maps` names the line of TypeScript.
  sourcemap: true,
  tsconfig: '../../tsconfig.build.json',
  // `npm pack` takes a license from the package's own folder alone.
  onSuccess: () => copyFile('../../LICENSE', 'LICENSE'),
} satisfies Options
