/** The part of parquetjs-lite that the bench uses; the package has no types. */
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
  const parquet: { ParquetSchema: typeof ParquetSchema; ParquetWriter: typeof ParquetWriter };

  // biome-ignore lint/style/noDefaultExport: it is what the package exports.
  export default parquet;
}
