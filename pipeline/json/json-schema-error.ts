/** A JSON Schema that no table can hold, or that is none: the author's mistake. */
export class JsonSchemaError extends Error {
  override readonly name = 'JsonSchemaError';

  readonly path: string;

  /** @param path the property, such as `items[].price`; empty for the schema itself */
  constructor(path: string, reason: string) {
    super(path === '' ? reason : `${path}: ${reason}`);
    this.path = path;
  }
}
