/** Columns from plain values: each is checked, and one that a column cannot hold refuses the row. */
import {
  appendAbsent,
  type ColumnNode,
  type LeafNode,
  type ListNode,
  type MapNode,
  type StructNode,
} from './column-tree.ts';
import { leafAppender } from './leaf-appender.ts';
import { type Rejection, reject, rejectAt } from './rejection.ts';

/** Appends a column's value, or its absence (undefined or null); after a rejection the column holds part of a row. */
export type ValueAppender = (value: unknown, repetition: number) => Rejection | undefined;

/**
 * The appender of one column. Structs are objects, lists are arrays, maps are `Map`s or, with text keys, plain objects.
 * Properties that are no columns are not looked at.
 */
export function valueAppender(node: ColumnNode): ValueAppender {
  const append = presentAppender(node);
  const { nullable } = node.column;
  const parentDefinition = node.definition - 1;
  return (value, repetition) => {
    if (value !== undefined && value !== null) return append(value, repetition);
    if (!nullable) return missing;
    appendAbsent(node, parentDefinition, repetition);
    return undefined;
  };
}

const missing = reject('missing', 'a value is required');

function presentAppender(node: ColumnNode): ValueAppender {
  switch (node.kind) {
    case 'leaf':
      return presentLeaf(node);
    case 'struct':
      return presentStruct(node);
    case 'list':
      return presentList(node);
    case 'map':
      return presentMap(node);
  }
}

function presentLeaf(node: LeafNode): ValueAppender {
  const push = leafAppender(node);
  const { entries } = node;
  return (value, repetition) => {
    const rejection = push(value);
    if (rejection === undefined) entries?.present(repetition);
    return rejection;
  };
}

function presentStruct(node: StructNode): ValueAppender {
  const names = node.children.map((child) => child.column.name);
  const appenders = node.children.map(valueAppender);
  const { entries } = node;
  return (value, repetition) => {
    if (typeof value !== 'object') return reject('type', `an object is required, not ${typeof value}`);
    entries?.present(repetition);
    for (let i = 0; i < names.length; i++) {
      const name = names[i] as string;
      const rejection = (appenders[i] as ValueAppender)(ownProperty(value as object, name), repetition);
      if (rejection) return rejectAt(name, rejection);
    }
    return undefined;
  };
}

/** A row's or struct's property; not what every object inherits, such as `constructor`. */
export function ownProperty(object: object, key: string | number): unknown {
  const value = (object as Readonly<Record<string | number, unknown>>)[key];
  return value !== undefined && key in Object.prototype && !Object.hasOwn(object, key) ? undefined : value;
}

function presentList(node: ListNode): ValueAppender {
  const append = valueAppender(node.element);
  const { entries } = node;
  const inner = node.repetition + 1;
  return (value, repetition) => {
    if (!Array.isArray(value)) return reject('type', `an array is required, not ${typeof value}`);
    if (value.length === 0) appendAbsent(node, node.definition, repetition);
    for (let i = 0; i < value.length; i++) {
      const level = i === 0 ? repetition : inner;
      entries?.present(level);
      const rejection = append(value[i], level);
      if (rejection) return rejectAt(`[${i}]`, rejection);
    }
    return undefined;
  };
}

function presentMap(node: MapNode): ValueAppender {
  const appendKey = valueAppender(node.key);
  const appendValue = valueAppender(node.value);
  const { entries: notes } = node;
  const inner = node.repetition + 1;
  return (value, repetition) => {
    if (typeof value !== 'object' || Array.isArray(value)) return reject('type', 'a map or an object is required');
    const entries = value instanceof Map ? [...value] : Object.entries(value as object);
    if (entries.length === 0) appendAbsent(node, node.definition, repetition);
    for (const [i, [key, item]] of entries.entries()) {
      const level = i === 0 ? repetition : inner;
      notes?.present(level);
      const rejection = appendKey(key, level) ?? appendValue(item, level);
      if (rejection) return rejectAt(`[${i}]`, rejection);
    }
    return undefined;
  };
}
