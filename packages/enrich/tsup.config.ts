import { defineConfig } from 'tsup'
import { shared } from '../../tsup.shared.ts'

export default defineConfig({
  ...shared,
  entry: ['src/cidr.ts', 'src/geoip.ts', 'src/interfaces.ts', 'src/snapshot.ts'],
  dts: true,
})
