/** `event.yaml`: the part of a contract that people write, checked against `schemas/event.schema.json`. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv, type AnySchema, type ErrorObject, type ValidateFunction } from 'ajv';
import { type Document, isMap, isNode, LineCounter, parseDocument } from 'yaml';
import type { CompiledContract } from './compiled-contract.ts';
import { ContractError } from './contract-error.ts';
import { EVENT_NAME_LENGTH_MAX, EVENT_NAME_PATTERN, tableName } from './names.ts';
import { readText } from './read-text.ts';

/** In an event's folder. */
export const EVENT_FILE = 'event.yaml';

export interface EventYaml {
  readonly description: string;
  readonly owner: string;
  readonly compatibility: 'BACKWARD';
  readonly keyField: string | null;
  readonly eventTimeField: string | null;
  readonly topic: { readonly partitions: number; readonly retentionHours: number };
  readonly freshnessSeconds: number;
  readonly sink?: NonNullable<CompiledContract['sink']>;
  readonly lake: CompiledContract['lake'];
  readonly warehouse: CompiledContract['warehouse'];
}

/** What an `event.yaml` says, and where: for mistakes that only the schema shows. */
export interface EventFile {
  readonly event: EventYaml;
  /** The line on which the field stands, counted from 1. */
  readonly lineOf: (field: keyof EventYaml) => number;
}

type WrittenYaml = Pick<EventYaml, 'description' | 'owner'> & {
  readonly [Name in 'topic' | 'lake' | 'warehouse']?: Partial<EventYaml[Name]>;
} & Partial<Omit<EventYaml, 'topic' | 'lake' | 'warehouse'>>;

const SCHEMA_FILE = fileURLToPath(new URL('../../schemas/event.schema.json', import.meta.url));
let validator: ValidateFunction | undefined;

/** Compiled once, when the first contract is read: it takes longer than reading one. */
function validateYaml(): ValidateFunction {
  if (!existsSync(SCHEMA_FILE)) {
    throw new ContractError(SCHEMA_FILE, 0, 'no such file; it belongs to Headrace, put it back from its repository');
  }
  const schema = (): AnySchema => JSON.parse(readFileSync(SCHEMA_FILE, 'utf8'));
  validator ??= new Ajv({ verbose: true, allErrors: true }).compile(schema());
  return validator;
}

/**
 * Reads one `event.yaml` and fills in what it leaves out.
 * @param event the event's name, which is also the default table.
 * @throws ContractError with the file, the line and the field of every mistake.
 */
export function readEventYaml(file: string, event: string): EventFile {
  const lines = new LineCounter();
  const document = parseDocument(readText(file), { lineCounter: lines });
  const [syntaxError] = document.errors;
  if (syntaxError) {
    const reason = syntaxError.message.replace(/ at line \d+, column \d+:[\s\S]*$/, '');
    throw new ContractError(file, lines.linePos(syntaxError.pos[0]).line, reason);
  }
  const written = toPlainData(file, document);
  const validate = validateYaml();
  if (!validate(written)) {
    ContractError.throwAll((validate.errors ?? []).map((error) => schemaMistake(file, document, lines, error)));
  }
  return {
    event: withDefaults(written as WrittenYaml, event),
    lineOf: (field) => lineOf(document, lines, [field]),
  };
}

/** @throws ContractError when a folder's name cannot be an event's. */
export function checkEventName(folder: string, event: string): void {
  if (!EVENT_NAME_PATTERN.test(event) || event.length > EVENT_NAME_LENGTH_MAX) {
    const allowed = `snake_case of at most ${EVENT_NAME_LENGTH_MAX} characters, such as order_created`;
    throw new ContractError(folder, 0, `"${event}" cannot name an event; allowed is ${allowed}`);
  }
}

/** An empty file says as much as an empty map. */
function toPlainData(file: string, document: Document): unknown {
  try {
    return document.toJS() ?? {};
  } catch (error) {
    // An alias of nothing, or aliases that grow beyond measure.
    throw new ContractError(file, 0, error instanceof Error ? error.message : String(error));
  }
}

/** Every default of a contract. */
function withDefaults(written: WrittenYaml, event: string): EventYaml {
  return {
    description: written.description,
    owner: written.owner,
    compatibility: written.compatibility ?? 'BACKWARD',
    keyField: written.keyField ?? null,
    eventTimeField: written.eventTimeField ?? null,
    topic: { partitions: written.topic?.partitions ?? 3, retentionHours: written.topic?.retentionHours ?? 168 },
    freshnessSeconds: written.freshnessSeconds ?? 30,
    ...(written.sink && { sink: written.sink }),
    lake: { partitionBy: written.lake?.partitionBy ?? [], openPartitionsMax: written.lake?.openPartitionsMax ?? 50 },
    warehouse: { target: written.warehouse?.target ?? 'duckdb', table: written.warehouse?.table ?? tableName(event) },
  };
}

function schemaMistake(file: string, document: Document, lines: LineCounter, error: ErrorObject): ContractError {
  const path = error.instancePath.split('/').slice(1);
  const field = error.keyword === 'additionalProperties' ? String(error.params['additionalProperty']) : undefined;
  const line = lineOf(document, lines, field === undefined ? path : [...path, field]);
  const where = [...path, ...(field === undefined ? [] : [field])].join('.');
  return new ContractError(file, line, `${where === '' ? '' : `${where}: `}${describe(error)}`);
}

function describe(error: ErrorObject): string {
  const rules = error.parentSchema ?? {};
  switch (error.keyword) {
    case 'additionalProperties': {
      const known = Object.keys((rules['properties'] as object | undefined) ?? {});
      return known.length > 0 ? `unknown field, allowed are ${known.join(', ')}` : 'unknown field';
    }
    case 'enum':
      return `not allowed, allowed is ${(error.params['allowedValues'] as string[]).join(' or ')}`;
    case 'pattern':
      return `${error.message}, such as ${(rules['examples'] as string[]).join(' or ')}`;
    default: {
      const allowed = rules['type'] === 'integer' ? `, allowed is ${rules['minimum']} to ${rules['maximum']}` : '';
      return (error.message ?? 'does not fit event.schema.json') + allowed;
    }
  }
}

/** The line of the deepest node on the path, counted from 1. */
function lineOf(document: Document, lines: LineCounter, path: readonly string[]): number {
  for (let depth = path.length; depth > 0; depth--) {
    const parent = depth === 1 ? document.contents : document.getIn(path.slice(0, depth - 1), true);
    const pair = isMap(parent) ? parent.items.find(({ key }) => String(key) === path[depth - 1]) : undefined;
    if (pair && isNode(pair.key) && pair.key.range) {
      return lines.linePos(pair.key.range[0]).line;
    }
  }
  return 1;
}
