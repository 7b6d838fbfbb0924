import * as zlib from 'node:zlib'
import { Invalid, Unsupported } from './faults.ts'
import { unsnappy } from './snappy.ts'

const names = ['UNCOMPRESSED', 'SNAPPY', 'GZIP', 'LZO', 'BROTLI', 'LZ4', 'ZSTD', 'LZ4_RAW']

type Inflate = (bytes: Buffer, options: { readonly maxOutputLength: number; readonly chunkSize: number }) => Buffer

/**
 * A page's bytes, of which the file says how many they are.
 *
 * @throws Unsupported for a codec that Node does not have
 * @throws Invalid where it is damaged, or gives another number of bytes
 */
export function decompress(codec: number, bytes: Buffer, size: number): Buffer {
  const page = pageOf(codec, bytes, size)
  if (page.length !== size) throw new Invalid(`a page has ${page.length} bytes, and states ${size}`)
  return page
}

function pageOf(codec: number, bytes: Buffer, size: number): Buffer {
  const name = names[codec]
  if (name === 'UNCOMPRESSED') return bytes
  if (name === 'SNAPPY') return unsnappy(bytes, size)
  const inflate = inflates[name ?? '']
  if (!inflate)
    throw new Unsupported(
      name === 'ZSTD'
        ? `its pages are compressed with ZSTD, which Node.js has from 22.15 on, and this is ${process.version}`
        : `its pages are compressed with ${name ?? `the codec ${codec}`}`,
    )
  try {
    // In one piece: from several a page would be put together, and be there twice.
    return inflate(bytes, { maxOutputLength: Math.max(size, 1), chunkSize: Math.max(size + 1, 64) })
  } catch (error) {
    throw new Invalid(`its ${name} data is damaged, or larger than stated: ${(error as Error).message}`)
  }
}

const inflates: Readonly<Record<string, Inflate | undefined>> = {
  GZIP: zlib.gunzipSync,
  BROTLI: zlib.brotliDecompressSync,
  ZSTD: (zlib as { readonly zstdDecompressSync?: Inflate }).zstdDecompressSync,
}
