import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { check } from '../../cli/check.ts';

let schemas: string;
const printed: string[] = [];

/** Of the project; whoever adds events of their own to its `schemas/` changes nothing here. */
const EVENTS = ['earthquake_reported', 'flight_departed', 'order_created'];

beforeEach(() => {
  schemas = mkdtempSync(join(tmpdir(), 'headrace-check-'));
  for (const event of EVENTS) cpSync(join('schemas', event), join(schemas, event), { recursive: true });
  printed.length = 0;
  jest.spyOn(console, 'log').mockImplementation((line) => void printed.push(String(line)));
  jest.spyOn(console, 'error').mockImplementation((line) => void printed.push(String(line)));
});

afterEach(() => {
  jest.restoreAllMocks();
  rmSync(schemas, { recursive: true });
});

test('check says that every event is fine', () => {
  expect(check(schemas)).toBe(0);
  expect(printed).toEqual([
    'earthquake_reported: fine (1 version, owner seismology)',
    'flight_departed: fine (1 version, owner flight-operations)',
    'order_created: fine (1 version, owner checkout)',
  ]);
});

test('check looks at every contract and names file, line and field of each mistake', () => {
  writeFileSync(join(schemas, 'flight_departed', 'event.yaml'), 'description: d\nowner: o\ntopic:\n  partition: 3\n');
  writeFileSync(join(schemas, 'order_created', 'v1.proto'), 'syntax = "proto3";\n\nmessage OrderCreated {\n');
  expect(check(schemas)).toBe(1);
  expect(printed).toEqual([
    expect.stringContaining('earthquake_reported: fine'),
    expect.stringMatching(/flight_departed\/event\.yaml:4: topic\.partition: unknown field, allowed are partitions/),
    expect.stringMatching(/order_created\/v1\.proto/),
  ]);
});

test('check refuses two events that would share a table', () => {
  const shared = 'description: d\nowner: o\nwarehouse:\n  table: order_created\n';
  writeFileSync(join(schemas, 'flight_departed', 'event.yaml'), shared);
  expect(check(schemas)).toBe(1);
  expect(printed.at(-1)).toMatch(
    /order_created\/event\.yaml: warehouse\.table: "order_created" is the table of flight/,
  );
});
