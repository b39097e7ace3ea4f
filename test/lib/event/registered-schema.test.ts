import { Stack } from 'aws-cdk-lib/core';
import { RegisteredSchema } from '../../../lib/event/registered-schema.ts';
import { orderContract } from '../../pipeline/ingest/order-events.ts';
import { maskedTemplate, only, testApp } from '../synthesize.ts';

test.each([
  ['avro', 'AVRO', '{"type":"record","name":"Sale","fields":[{"name":"id","type":"long"}]}'],
  ['json', 'JSON', '{"type":"object","properties":{"id":{"type":"integer"}}}'],
] as const)('RegisteredSchema: an event in %s is registered as %s', (format, dataFormat, definition) => {
  const app = testApp();
  const stack = new Stack(app, 'Event');
  new RegisteredSchema(stack, 'Schema', { ...orderContract, versions: [{ format, version: 1, definition }] });
  const { Properties } = only(maskedTemplate(app, 'Event'), 'AWS::Glue::Schema');
  expect(Properties).toMatchObject({ DataFormat: dataFormat, SchemaDefinition: definition });
});
