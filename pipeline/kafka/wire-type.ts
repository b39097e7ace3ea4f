/** The types of Kafka's messages as values: one description reads and writes every version of a message. */

import { MalformedFrameError, type WireReader } from './wire-reader.ts';
import { WireWriter } from './wire-writer.ts';

/** How one type is read and written. */
export interface WireType<Read, Write = Read> {
  read(reader: WireReader): Read;
  write(writer: WireWriter, value: Write): void;
}

/** A struct member that some versions lack, or that a writer may leave out; then it has its fallback value. */
export interface Optional<Read, Write = Read> extends WireType<Read, Write> {
  readonly fallback: Read & Write;
  readonly since: number;
  readonly until: number;
  /** Set for a tagged field (KIP-482). */
  readonly tag?: number;
}

/** The value that reading a type gives. */
export type ReadOf<T> = T extends WireType<infer R, infer _W> ? R : never;
/** The value that writing a type takes. */
export type WriteOf<T> = T extends WireType<infer _R, infer W> ? W : never;

type Members = Readonly<Record<string, WireType<unknown, never> | Optional<unknown, never>>>;
type OptionalKey<M> = { [K in keyof M]: M[K] extends { readonly fallback: unknown } ? K : never }[keyof M];
type StructRead<M> = { readonly [K in keyof M]: ReadOf<M[K]> };
type StructWrite<M> = { readonly [K in Exclude<keyof M, OptionalKey<M>>]: WriteOf<M[K]> } & {
  readonly [K in OptionalKey<M>]?: WriteOf<M[K]> | undefined;
};

export const int8: WireType<number> = { read: (r) => r.int8(), write: (w, v) => w.int8(v) };
export const int16: WireType<number> = { read: (r) => r.int16(), write: (w, v) => w.int16(v) };
export const int32: WireType<number> = { read: (r) => r.int32(), write: (w, v) => w.int32(v) };
export const int64: WireType<number> = { read: (r) => r.int64(), write: (w, v) => w.int64(v) };
export const bool: WireType<boolean> = { read: (r) => r.int8() !== 0, write: (w, v) => w.int8(v ? 1 : 0) };

/** A UUID in its canonical text form. */
export const uuid: WireType<string> = {
  read: (r) =>
    r
      .bytes(16)
      .toString('hex')
      .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'),
  write: (w, v) => w.bytes(Buffer.from(v.replaceAll('-', ''), 'hex')),
};

/** The UUID that stands for none. */
export const zeroUuid = '00000000-0000-0000-0000-000000000000';

export const nullableString: WireType<string | null> = {
  read: (r) => {
    const length = r.length(2);
    return length < 0 ? null : r.bytes(length).toString('utf8');
  },
  write: (w, v) => {
    const bytes = v === null ? undefined : Buffer.from(v, 'utf8');
    w.length(bytes?.length ?? -1, 2);
    if (bytes !== undefined) w.bytes(bytes);
  },
};

export const string: WireType<string> = notNull(nullableString);

/** Nullable bytes; read as a view of the frame. Record sets have the same form. */
export const nullableBytes: WireType<Buffer | null> = {
  read: (r) => {
    const length = r.length(4);
    return length < 0 ? null : r.bytes(length);
  },
  write: (w, v) => {
    w.length(v?.length ?? -1, 4);
    if (v !== null) w.bytes(v);
  },
};

export const bytes: WireType<Buffer> = notNull(nullableBytes);

/** An array that may be null. */
export function nullableArray<R, W>(item: WireType<R, W>): WireType<readonly R[] | null, readonly W[] | null> {
  return {
    read(reader) {
      const length = reader.length(4);
      if (length < 0) return null;
      // Every item takes at least a byte, so a larger count is a lie that would only exhaust memory.
      if (length > reader.remaining) {
        throw new MalformedFrameError(`Cannot read ${length} items: the frame has ${reader.remaining} bytes left`);
      }
      return Array.from({ length }, () => item.read(reader));
    },
    write(writer, value) {
      writer.length(value?.length ?? -1, 4);
      for (const one of value ?? []) item.write(writer, one);
    },
  };
}

export function array<R, W>(item: WireType<R, W>): WireType<readonly R[], readonly W[]> {
  return notNull(nullableArray(item));
}

/** A member that a writer may leave out. */
export function optional<R, W>(type: WireType<R, W>, fallback: R & W): Optional<R, W> {
  return between(0, Number.POSITIVE_INFINITY, type, fallback);
}

/** A member that exists from version `since` on. */
export function from<R, W>(since: number, type: WireType<R, W>, fallback: R & W): Optional<R, W> {
  return between(since, Number.POSITIVE_INFINITY, type, fallback);
}

/** A member that exists in versions `since` to `until`, both included. */
export function between<R, W>(since: number, until: number, type: WireType<R, W>, fallback: R & W): Optional<R, W> {
  return { read: type.read, write: type.write, fallback, since, until };
}

/** A tagged member (KIP-482) that exists from version `since` on; it is written only when it is given. */
export function tagged<R, W>(tag: number, since: number, type: WireType<R, W>, fallback: R & W): Optional<R, W> {
  return { ...from(since, type, fallback), tag };
}

/** Members in the order of the wire. */
export function struct<M extends Members>(members: M): WireType<StructRead<M>, StructWrite<M>> {
  const all = Object.entries(members).map(([name, type]) => ({
    name,
    type: type as Partial<Optional<unknown>> & WireType<unknown>,
  }));
  const plain = all.filter(({ type }) => type.tag === undefined);
  const tags = all.filter(({ type }) => type.tag !== undefined);
  const present = (type: Partial<Optional<unknown>>, version: number) =>
    version >= (type.since ?? 0) && version <= (type.until ?? Number.POSITIVE_INFINITY);
  return {
    read(reader) {
      const value: Record<string, unknown> = {};
      for (const { name, type } of plain) {
        value[name] = present(type, reader.version) ? type.read(reader) : type.fallback;
      }
      for (const { name, type } of tags) value[name] = type.fallback;
      if (reader.flexible) {
        reader.tags((tag) => {
          const known = tags.find(({ type }) => type.tag === tag && present(type, reader.version));
          if (known !== undefined) value[known.name] = known.type.read(reader);
        });
      }
      return value as StructRead<M>;
    },
    write(writer, given) {
      const value = given as Readonly<Record<string, unknown>>;
      for (const { name, type } of plain) {
        if (present(type, writer.version)) type.write(writer, value[name] === undefined ? type.fallback : value[name]);
      }
      if (!writer.flexible) return;
      const set = tags.filter(({ name, type }) => value[name] !== undefined && present(type, writer.version));
      writer.uvarint(set.length);
      for (const { name, type } of set) {
        const field = new WireWriter(writer.version, true);
        type.write(field, value[name]);
        const { buffers, bytes: size } = field.finish();
        writer.uvarint(type.tag ?? 0);
        writer.uvarint(size);
        for (const buffer of buffers) writer.bytes(buffer);
      }
    },
  };
}

function notNull<R, W>(type: WireType<R | null, W>): WireType<R, W> {
  return {
    read(reader) {
      const value = type.read(reader);
      if (value === null) throw new MalformedFrameError(`Cannot read a null at ${reader.position}: it is not allowed`);
      return value;
    },
    write: type.write,
  };
}
