/** An Avro schema that no table can hold, or that is none: the author's mistake. */
export class AvroSchemaError extends Error {
  override readonly name = 'AvroSchemaError';

  readonly path: string;

  /** @param path the field, such as `OrderCreated.items.price`; empty for the schema itself */
  constructor(path: string, reason: string) {
    super(path === '' ? reason : `${path}: ${reason}`);
    this.path = path;
  }
}
