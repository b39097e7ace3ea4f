/** Rows given as objects, appended by code that is generated for the table's columns. */
import { type ColumnNode, type LeafNode, type ListNode, type StructNode, undoRows } from './column-tree.ts';
import { GeneratedSource, indented } from './generated-source.ts';
import { leafAppender } from './leaf-appender.ts';
import type { Levels } from './levels.ts';
import { type Rejection, rejectAt } from './rejection.ts';
import { ownProperty, type ValueAppender, valueAppender } from './value-appender.ts';

/** Appends a row, given by its columns' keys; after a rejection the columns hold part of it. */
export type RowAppender = (row: object) => Rejection | undefined;

/** A column and the property of a row that is its value. */
export interface KeyedColumn {
  readonly node: ColumnNode;
  readonly key: string | number;
}

/**
 * The appender of some columns of a table. Where the platform allows it, code is generated for the values that rows are
 * made of; it gives up at anything else. Such a row is taken back and appended by closures, which know all types and
 * say what is wrong. So both ways accept the same rows.
 *
 * @param rows the table's row count
 */
export function rowAppender(columns: readonly KeyedColumn[], rows: Levels, generates: boolean): RowAppender {
  const exact = closureAppender(columns);
  if (!generates) return exact;
  const append = rowSource(columns).compile() as (row: unknown) => boolean;
  const leaves = columns.flatMap(({ node }) => node.leaves);
  return (row) => {
    if (append(row)) return undefined;
    undoRows(leaves, rows.count);
    return exact(row);
  };
}

function closureAppender(columns: readonly KeyedColumn[]): RowAppender {
  const appenders = columns.map(({ node }) => valueAppender(node));
  return (row) => {
    for (let i = 0; i < columns.length; i++) {
      const { node, key } = columns[i] as KeyedColumn;
      const rejection = (appenders[i] as ValueAppender)(ownProperty(row, key), 0);
      if (rejection) return rejectAt(node.column.name, rejection);
    }
    return undefined;
  };
}

/** One function for each column, so that each is compiled, and given up, for itself. */
function rowSource(columns: readonly KeyedColumn[]): GeneratedSource {
  const source = new GeneratedSource();
  const calls = columns.map(({ node, key }) => {
    const { name } = node.column;
    const append = source.name(`append_${name}`);
    const value = source.name(name);
    source.add(
      `function ${append}(${value}) {`,
      ...indented(valueLines(source, node, value, '0')),
      '  return true;',
      '}',
    );
    return `${append}(${propertyText('row', key)})`;
  });
  source.add('return function appendRow(row) {', `  return ${calls.join('\n    && ')};`, '};');
  return source;
}

/** What `ownProperty` does. */
function propertyText(object: string, key: string | number): string {
  const name = JSON.stringify(key);
  const value = `${object}[${name}]`;
  return key in Object.prototype ? `(Object.hasOwn(${object}, ${name}) ? ${value} : undefined)` : value;
}

/** Lines that append `value`, or return false. @param level the text of its repetition level */
function valueLines(source: GeneratedSource, node: ColumnNode, value: string, level: string): string[] {
  if (!node.column.nullable) return presentLines(source, node, value, level);
  return [
    `if (${value} === null || ${value} === undefined) {`,
    ...indented(absentLines(source, node, node.definition - 1, level)),
    '} else {',
    ...indented(presentLines(source, node, value, level)),
    '}',
  ];
}

function absentLines(source: GeneratedSource, node: ColumnNode, definition: number, level: string): string[] {
  return node.groups.map((levels) => `${levelsName(source, levels, node)}.absent(${definition}, ${level});`);
}

function presentLines(source: GeneratedSource, node: ColumnNode, value: string, level: string): string[] {
  switch (node.kind) {
    case 'leaf':
      return [...leafLines(source, node, value), ...entryLines(source, node, level)];
    case 'struct':
      return structLines(source, node, value, level);
    case 'list':
      return listLines(source, node, value, level);
    case 'map': {
      const append = source.constant(valueAppender(node), `map_${value}`);
      return [`if (${append}(${value}, ${level}) !== undefined) return false;`];
    }
  }
}

function entryLines(source: GeneratedSource, node: ColumnNode, level: string): string[] {
  return node.entries ? [`${levelsName(source, node.entries, node)}.present(${level});`] : [];
}

function structLines(source: GeneratedSource, node: StructNode, value: string, level: string): string[] {
  return [
    `if (typeof ${value} !== 'object' || ${value} === null) return false;`,
    ...entryLines(source, node, level),
    ...node.children.flatMap((child) => {
      const { name } = child.column;
      const field = source.name(`${value}_${name}`);
      return [`const ${field} = ${propertyText(value, name)};`, ...valueLines(source, child, field, level)];
    }),
  ];
}

function listLines(source: GeneratedSource, node: ListNode, value: string, level: string): string[] {
  const index = source.name(`${value}_index`);
  const element = source.name(`${value}_element`);
  const elementLevel = source.name(`${value}_level`);
  return [
    `if (!Array.isArray(${value})) return false;`,
    `if (${value}.length === 0) {`,
    ...indented(absentLines(source, node, node.definition, level)),
    '}',
    `for (let ${index} = 0; ${index} < ${value}.length; ${index}++) {`,
    ...indented([
      `const ${element} = ${value}[${index}];`,
      `const ${elementLevel} = ${index} === 0 ? ${level} : ${node.repetition + 1};`,
      ...entryLines(source, node, elementLevel),
      ...valueLines(source, node.element, element, elementLevel),
    ]),
    '}',
  ];
}

/** Milliseconds whose microseconds are safe integers: the years 1684 to 2255. */
const EXACT_MS = 9e12;

/** The usual form of a value is stored at once; all others are left to the leaf's appender. */
function leafLines(source: GeneratedSource, node: LeafNode, value: string): string[] {
  const { type } = node.column;
  const values = source.constant(node.values, `values_${value}`);
  const rest = `if (${source.constant(leafAppender(node), `store_${value}`)}(${value}) !== undefined) return false;`;
  const usual = (condition: string, store: string) => [`if (${condition}) ${values}.${store};`, `else ${rest}`];
  switch (type.kind) {
    case 'string':
    case 'enum':
      return [`if (typeof ${value} !== 'string' || !${values}.pushString(${value})) return false;`];
    case 'boolean':
      return usual(`${value} === true || ${value} === false`, `push(${value})`);
    case 'double':
      return usual(`typeof ${value} === 'number'`, `pushDouble(${value})`);
    case 'int': {
      if (type.bits === 64) {
        const isNatural = type.signed ? '' : ` && ${value} >= 0`;
        return usual(`Number.isSafeInteger(${value})${isNatural}`, `pushSafeInteger(${value})`);
      }
      return usual(`typeof ${value} === 'number' && ${isInteger(value, type)}`, `pushInt32(${value})`);
    }
    case 'timestamp': {
      const ms = source.name(`${value}_ms`);
      const perMs = type.unit === 'micros' ? ' * 1000' : '';
      return [
        `const ${ms} = ${value} instanceof Date ? ${value}.getTime() : NaN;`,
        ...usual(`${ms} >= ${-EXACT_MS} && ${ms} <= ${EXACT_MS}`, `pushSafeInteger(${ms}${perMs})`),
      ];
    }
    default:
      return [rest];
  }
}

/** A test for integers of 8 to 32 bits. */
function isInteger(value: string, { bits, signed }: { readonly bits: number; readonly signed: boolean }): string {
  if (bits === 32) return `(${value} ${signed ? '|' : '>>>'} 0) === ${value}`;
  const [min, max] = signed ? [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1] : [0, 2 ** bits - 1];
  return `(${value} | 0) === ${value} && ${value} >= ${min} && ${value} <= ${max}`;
}

function levelsName(source: GeneratedSource, levels: Levels, { column }: ColumnNode): string {
  return source.constant(levels, `levels_${column.name}`);
}
