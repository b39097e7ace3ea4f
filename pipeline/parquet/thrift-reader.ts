/** Thrift's compact protocol, read into plain values. */

export type ThriftValue = boolean | number | bigint | Uint8Array | readonly ThriftValue[] | ThriftStruct;

/** A struct's fields by their ids. */
export type ThriftStruct = ReadonlyMap<number, ThriftValue>;

/** Deeper than any footer; a corrupt one must not exhaust the stack. */
const DEPTH_MAX = 32;

/**
 * Reads the struct that begins at `from`.
 *
 * @returns the struct, and the index of the byte after it
 * @throws RangeError where the bytes end early or are no struct
 */
export function readThriftStruct(bytes: Uint8Array, from: number): { struct: ThriftStruct; end: number } {
  const reader = new ThriftReader(bytes, from);
  const struct = reader.struct(0);
  return { struct, end: reader.at };
}

class ThriftReader {
  readonly #bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  struct(depth: number): ThriftStruct {
    if (depth > DEPTH_MAX) throw this.#corrupt('structs nest too deep');
    const fields = new Map<number, ThriftValue>();
    let id = 0;
    for (let header = this.#byte(); header !== 0; header = this.#byte()) {
      const delta = header >>> 4;
      id = delta === 0 ? Number(this.#zigzag()) : id + delta;
      fields.set(id, this.#value(header & 0x0f, depth));
    }
    return fields;
  }

  #value(type: number, depth: number): ThriftValue {
    switch (type) {
      case 1:
        return true;
      case 2:
        return false;
      case 3:
        return (this.#byte() << 24) >> 24;
      case 4:
      case 5:
        return Number(this.#zigzag());
      case 6:
        return this.#zigzag();
      case 7:
        return this.#double();
      case 8:
        return this.#take(Number(this.#varint()));
      case 9:
      case 10:
        return this.#list(depth);
      case 12:
        return this.struct(depth + 1);
      default:
        throw this.#corrupt(`type ${type} is unknown`);
    }
  }

  #list(depth: number): ThriftValue[] {
    const header = this.#byte();
    const type = header & 0x0f;
    const size = header >>> 4 === 15 ? Number(this.#varint()) : header >>> 4;
    // Each item takes a byte at least, so a longer list is a lie that would take all memory.
    if (size > this.#bytes.length - this.at) throw this.#corrupt('a list is longer than the bytes');
    const isBool = type === 1 || type === 2;
    return Array.from({ length: size }, () => (isBool ? this.#byte() === 1 : this.#value(type, depth + 1)));
  }

  #zigzag(): bigint {
    const value = this.#varint();
    return (value >> 1n) ^ -(value & 1n);
  }

  #varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw this.#corrupt('a number is longer than 64 bits');
  }

  #double(): number {
    return Buffer.from(this.#take(8)).readDoubleLE();
  }

  #byte(): number {
    const byte = this.#bytes[this.at++];
    if (byte === undefined) throw this.#corrupt('the bytes end early');
    return byte;
  }

  #take(count: number): Uint8Array {
    if (count > this.#bytes.length - this.at) throw this.#corrupt('the bytes end early');
    this.at += count;
    return this.#bytes.subarray(this.at - count, this.at);
  }

  #corrupt(reason: string): RangeError {
    return new RangeError(`Cannot read a Thrift struct at byte "${this.at}": ${reason}`);
  }
}
