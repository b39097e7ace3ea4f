/** Numbers that the Parquet format fixes (parquet.thrift of apache/parquet-format 2.11). */

export const PhysicalType = {
  boolean: 0,
  int32: 1,
  int64: 2,
  float: 4,
  double: 5,
  byteArray: 6,
  fixedLengthByteArray: 7,
} as const;

export const Encoding = {
  plain: 0,
  rle: 3,
  deltaBinaryPacked: 5,
  deltaLengthByteArray: 6,
  deltaByteArray: 7,
  rleDictionary: 8,
} as const;

export const Codec = { uncompressed: 0, snappy: 1, zstd: 6 } as const;

export const PageType = { data: 0, dictionary: 2 } as const;

export const Repetition = { required: 0, optional: 1, repeated: 2 } as const;

/** The four bytes that open and close a file: "PAR1". */
export const MAGIC: Uint8Array = Uint8Array.of(0x50, 0x41, 0x52, 0x31);
