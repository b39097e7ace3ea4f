/** The codecs that pages are compressed with. */
import { constants, zstdCompressSync } from 'node:zlib';
import { Codec } from './format.ts';
import { compressSnappy } from './snappy.ts';

export type Compression = 'zstd' | 'snappy' | 'uncompressed';

export interface PageCodec {
  /** The codec's number in the footer. */
  readonly id: number;
  compress(bytes: Uint8Array): Uint8Array;
}

/** The codec of that name; `level` is zstd's (1 to 22), and the others ignore it. */
export function pageCodec(compression: Compression, level: number): PageCodec {
  switch (compression) {
    case 'zstd': {
      const options = { params: { [constants.ZSTD_c_compressionLevel]: level } };
      return { id: Codec.zstd, compress: (bytes) => zstdCompressSync(bytes, options) };
    }
    case 'snappy':
      return { id: Codec.snappy, compress: compressSnappy };
    case 'uncompressed':
      return { id: Codec.uncompressed, compress: (bytes) => bytes };
  }
}
