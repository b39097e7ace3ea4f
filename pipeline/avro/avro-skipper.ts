/** Moves past values that have no column: fields that a newer schema version does not have. */
import type { AvroCursor } from './avro-cursor.ts';
import type { AvroLeaf, AvroType } from './avro-type.ts';

/** Moves the cursor behind one value, or lets it fail. */
export type AvroSkipper = (cursor: AvroCursor) => void;

export function avroSkipper(type: AvroType): AvroSkipper {
  switch (type.kind) {
    case 'leaf':
      return leafSkipper(type);
    case 'enum':
      return (cursor) => {
        const index = cursor.int();
        if (index < 0 || index >= type.symbols.length) cursor.fail();
      };
    case 'array':
      return blockSkipper(avroSkipper(type.items));
    case 'map': {
      const value = avroSkipper(type.values);
      return blockSkipper((cursor) => {
        cursor.skip(cursor.length());
        value(cursor);
      });
    }
    case 'optional': {
      const value = avroSkipper(type.type);
      return (cursor) => {
        const branch = cursor.int();
        if (branch !== 0 && branch !== 1) cursor.fail();
        else if (branch !== type.nullBranch) value(cursor);
      };
    }
    case 'record': {
      const skippers = type.fields.map((field) => avroSkipper(field.type));
      return (cursor) => {
        for (const skip of skippers) skip(cursor);
      };
    }
  }
}

function leafSkipper({ wire, size }: AvroLeaf): AvroSkipper {
  switch (wire) {
    case 'boolean':
      return (cursor) => void cursor.boolean();
    case 'int':
      return (cursor) => void cursor.int();
    case 'long':
      return (cursor) => cursor.long();
    case 'float':
      return (cursor) => void cursor.skip(4);
    case 'double':
      return (cursor) => void cursor.skip(8);
    case 'fixed':
      return (cursor) => void cursor.skip(size);
    case 'string':
    case 'bytes':
      return (cursor) => void cursor.skip(cursor.length());
  }
}

function blockSkipper(item: AvroSkipper): AvroSkipper {
  return (cursor) => {
    for (let count = cursor.block(); count > 0; count = cursor.block()) {
      const { blockEnd } = cursor;
      for (let i = 0; i < count && !cursor.failed; i++) item(cursor);
      if (blockEnd >= 0 && cursor.at !== blockEnd) cursor.fail();
    }
  };
}
