/** Writes Kafka's wire primitives into a list of buffers that a socket can send without joining them. */

const chunkBytes = 1024;
/** Byte fields from this size on are sent as they are instead of being copied. */
const passThroughBytesMin = 4096;

/** A growing message. `flexible` and `version` mean the same as in `WireReader`. */
const INT64_MAX = 2n ** 63n - 1n;

export class WireWriter {
  readonly version: number;
  readonly flexible: boolean;
  readonly #done: Buffer[] = [];
  #doneBytes = 0;
  #chunk = Buffer.allocUnsafe(chunkBytes);
  #end = 0;

  constructor(version: number, flexible: boolean) {
    this.version = version;
    this.flexible = flexible;
  }

  int8(value: number): void {
    this.#room(1);
    this.#end = this.#chunk.writeInt8(value, this.#end);
  }

  int16(value: number): void {
    this.#room(2);
    this.#end = this.#chunk.writeInt16BE(value, this.#end);
  }

  int32(value: number): void {
    this.#room(4);
    this.#end = this.#chunk.writeInt32BE(value, this.#end);
  }

  /** The largest integer, as a double the next higher one, is written as what it was. */
  int64(value: number): void {
    this.#room(8);
    this.#end = this.#chunk.writeBigInt64BE(value >= 2 ** 63 ? INT64_MAX : BigInt(value), this.#end);
  }

  /** An unsigned varint of at most 32 bits. */
  uvarint(value: number): void {
    this.#room(5);
    let rest = value >>> 0;
    for (; rest > 0x7f; rest >>>= 7) this.#end = this.#chunk.writeUInt8((rest & 0x7f) | 0x80, this.#end);
    this.#end = this.#chunk.writeUInt8(rest, this.#end);
  }

  /** A zigzag varint of at most 64 bits. */
  varlong(value: number): void {
    this.#room(10);
    const wide = BigInt(value);
    let rest = BigInt.asUintN(64, (wide << 1n) ^ (wide >> 63n));
    for (; rest > 0x7fn; rest >>= 7n) this.#end = this.#chunk.writeUInt8(Number(rest & 0x7fn) | 0x80, this.#end);
    this.#end = this.#chunk.writeUInt8(Number(rest), this.#end);
  }

  /** Appends bytes without a length. Large buffers are kept by reference: the caller must not change them later. */
  bytes(value: Buffer): void {
    if (value.length >= passThroughBytesMin) {
      this.#flush();
      this.#done.push(value);
      this.#doneBytes += value.length;
      return;
    }
    this.#room(value.length);
    this.#end += value.copy(this.#chunk, this.#end);
  }

  /** A length prefix in the message's style; -1 is null. */
  length(value: number, width: 2 | 4): void {
    if (this.flexible) this.uvarint(value + 1);
    else if (width === 2) this.int16(value);
    else this.int32(value);
  }

  /** Everything written so far, in order. */
  finish(): { readonly buffers: readonly Buffer[]; readonly bytes: number } {
    this.#flush();
    return { buffers: this.#done, bytes: this.#doneBytes };
  }

  #room(bytes: number): void {
    if (this.#end + bytes <= this.#chunk.length) return;
    this.#flush();
    this.#chunk = Buffer.allocUnsafe(Math.max(chunkBytes, bytes));
  }

  #flush(): void {
    if (this.#end === 0) return;
    this.#done.push(this.#chunk.subarray(0, this.#end));
    this.#doneBytes += this.#end;
    this.#chunk = this.#chunk.subarray(this.#end);
    this.#end = 0;
  }
}
