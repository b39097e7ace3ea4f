/** Properties of a payload that its schema does not have, all of them: readers stop at the first. */
import { LongNumber } from './exact-json.ts';
import type { JsonObject, JsonType } from './json-type.ts';

/** @param found gets the object's path, such as `items[1]`, empty for the payload, and a name that is not known there. */
export function unknownProperties(
  { properties }: JsonObject,
  value: object,
  found: (path: string, name: string) => void,
  path = '',
): void {
  if (value instanceof LongNumber) return;
  for (const [name, item] of Object.entries(value)) {
    const property = properties.find((each) => each.name === name);
    if (property === undefined) found(path, name);
    else lookWithin(property.type, item, found, path === '' ? name : `${path}.${name}`);
  }
}

function lookWithin(type: JsonType, value: unknown, found: (path: string, name: string) => void, path: string): void {
  if (typeof value !== 'object' || value === null) return;
  if (type.kind === 'object' && !Array.isArray(value)) unknownProperties(type, value, found, path);
  if (type.kind === 'array' && Array.isArray(value)) {
    for (const [index, item] of value.entries()) lookWithin(type.items, item, found, `${path}[${index}]`);
  }
  if (type.kind === 'map' && !Array.isArray(value)) {
    for (const [index, item] of Object.values(value).entries())
      lookWithin(type.values, item, found, `${path}[${index}]`);
  }
}
