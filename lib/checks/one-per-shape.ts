/** Stacks whose templates differ, so that a validator need not read the same template two hundred times. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { PolicyValidationStack } from 'aws-cdk-lib/core';

/** Longer texts are compared as they are: their length may be what is wrong with them. */
const FREE_TEXT_MAX = 200;
/** Each is bounded by `checkEventQuotas`, and all of a template by `checkTemplate`, which reads every one. */
const SCHEMA_TEXT = /("SchemaDefinition":\s*")(?:[^"\\]|\\.)*/g;
const FREE_TEXT = new RegExp(`("Description":\\s*")(?:[^"\\\\]|\\\\.){0,${FREE_TEXT_MAX}}"`, 'g');

/**
 * One stack of each shape. Event stacks of one shape differ only in the event's name, in hashes of assets and in free
 * text, which no rule looks into: what is right or wrong with one is so with all.
 */
export function onePerShape(stacks: readonly PolicyValidationStack[]): PolicyValidationStack[] {
  const shapes = new Map(stacks.map((stack) => [shapeOf(stack), stack]));
  return [...shapes.values()];
}

function shapeOf({ templatePath }: PolicyValidationStack): string {
  const stackName = basename(templatePath, '.template.json');
  const dashed = stackName.replace(/^Event-/, '');
  return readFileSync(templatePath, 'utf8')
    .replaceAll(dashed.replaceAll('-', '_'), '<event>')
    .replaceAll(dashed, '<event>')
    .replaceAll(/\b[0-9a-f]{64}\b/g, '<hash>')
    .replaceAll(SCHEMA_TEXT, '$1<schema>')
    .replaceAll(FREE_TEXT, '$1<text>"');
}
