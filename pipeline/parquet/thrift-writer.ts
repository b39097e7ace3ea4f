/** Thrift's compact protocol, written: page headers and footers are made of it. */
import { ByteBuffer } from './byte-buffer.ts';

const TYPE = { true: 1, false: 2, byte: 3, i16: 4, i32: 5, i64: 6, binary: 8, list: 9, struct: 12 } as const;

const text = new TextEncoder();

/**
 * Writes the fields of one struct, in ascending order of their ids, and of the structs nested in it.
 * Call `stop` once at the end of the outermost struct.
 */
export class ThriftWriter {
  readonly buffer: ByteBuffer;
  #lastId = 0;

  constructor(buffer = new ByteBuffer()) {
    this.buffer = buffer;
  }

  bool(id: number, value: boolean): void {
    this.#header(id, value ? TYPE.true : TYPE.false);
  }

  i8(id: number, value: number): void {
    this.#header(id, TYPE.byte);
    this.buffer.byte(value);
  }

  i16(id: number, value: number): void {
    this.#header(id, TYPE.i16);
    this.#zigzag(value);
  }

  i32(id: number, value: number): void {
    this.#header(id, TYPE.i32);
    this.#zigzag(value);
  }

  /** `value` is a safe integer: offsets, sizes and counts, all far below 2^53. */
  i64(id: number, value: number): void {
    this.#header(id, TYPE.i64);
    this.#zigzag(value);
  }

  binary(id: number, value: Uint8Array): void {
    this.#header(id, TYPE.binary);
    this.#bytes(value);
  }

  string(id: number, value: string): void {
    this.binary(id, text.encode(value));
  }

  struct(id: number, write: () => void): void {
    this.#header(id, TYPE.struct);
    this.#nested(write);
  }

  structs<T>(id: number, items: readonly T[], write: (item: T) => void): void {
    this.#listHeader(id, TYPE.struct, items.length);
    for (const item of items) this.#nested(() => write(item));
  }

  i32s(id: number, values: readonly number[]): void {
    this.#listHeader(id, TYPE.i32, values.length);
    for (const value of values) this.#zigzag(value);
  }

  i64s(id: number, values: readonly number[]): void {
    this.#listHeader(id, TYPE.i64, values.length);
    for (const value of values) this.#zigzag(value);
  }

  bools(id: number, values: readonly boolean[]): void {
    this.#listHeader(id, TYPE.true, values.length);
    for (const value of values) this.buffer.byte(value ? TYPE.true : TYPE.false);
  }

  binaries(id: number, values: readonly Uint8Array[]): void {
    this.#listHeader(id, TYPE.binary, values.length);
    for (const value of values) this.#bytes(value);
  }

  strings(id: number, values: readonly string[]): void {
    this.binaries(
      id,
      values.map((value) => text.encode(value)),
    );
  }

  stop(): void {
    this.buffer.byte(0);
  }

  #header(id: number, type: number): void {
    const delta = id - this.#lastId;
    if (delta < 1 || delta > 15) throw new RangeError(`Cannot write Thrift field "${id}" after "${this.#lastId}"`);
    this.buffer.byte((delta << 4) | type);
    this.#lastId = id;
  }

  #listHeader(id: number, type: number, size: number): void {
    this.#header(id, TYPE.list);
    if (size < 15) {
      this.buffer.byte((size << 4) | type);
      return;
    }
    this.buffer.byte(0xf0 | type);
    this.buffer.varint(size);
  }

  #nested(write: () => void): void {
    const outerId = this.#lastId;
    this.#lastId = 0;
    write();
    this.stop();
    this.#lastId = outerId;
  }

  /** Zigzag without 32-bit operators, so that it holds for every safe integer. */
  #zigzag(value: number): void {
    this.buffer.varint(value < 0 ? -value * 2 - 1 : value * 2);
  }

  #bytes(value: Uint8Array): void {
    this.buffer.varint(value.length);
    this.buffer.append(value);
  }
}
