/** The part of parquetjs-lite that the bench and the tests use; the package has no types. */
declare module 'parquetjs-lite' {
  class ParquetSchema {
    constructor(fields: object);
  }
  class ParquetWriter {
    static openFile(schema: ParquetSchema, path: string): Promise<ParquetWriter>;
    setRowGroupSize(rows: number): void;
    appendRow(row: object): Promise<void>;
    close(): Promise<void>;
  }
  class ParquetReader {
    static openBuffer(file: Buffer): Promise<ParquetReader>;
    getCursor(): { next(): Promise<Record<string, unknown> | null> };
  }
  const parquet: {
    ParquetSchema: typeof ParquetSchema;
    ParquetWriter: typeof ParquetWriter;
    ParquetReader: typeof ParquetReader;
  };

  // biome-ignore lint/style/noDefaultExport: it is what the package exports.
  export default parquet;
}
