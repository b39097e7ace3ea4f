import type { MSKRecord } from 'aws-lambda';
import { kafkaRecordJson } from '../../../local/event-sources/kafka-record.ts';

const parse = (message: Parameters<typeof kafkaRecordJson>[2]) =>
  JSON.parse(kafkaRecordJson('orders', 2, message)) as MSKRecord;

test('kafkaRecordJson gives key and value in base64 and header bytes as numbers', () => {
  const record = parse({
    offset: '9007199254740991',
    timestamp: '1700000000123',
    key: Buffer.from([0, 255]),
    value: Buffer.from('{"é":1}'),
    headers: { ce_id: Buffer.from('é'), 'quo"ted': 'text', twice: [Buffer.from('a'), Buffer.from('')] },
  });
  expect(record).toEqual({
    topic: 'orders',
    partition: 2,
    offset: 9007199254740991,
    timestamp: 1700000000123,
    timestampType: 'CREATE_TIME',
    key: 'AP8=',
    value: Buffer.from('{"é":1}').toString('base64'),
    headers: [{ ce_id: [0xc3, 0xa9] }, { 'quo"ted': [116, 101, 120, 116] }, { twice: [97] }, { twice: [] }],
  });
});

test('kafkaRecordJson leaves an absent key and an absent value out', () => {
  const record = parse({ offset: '0', timestamp: '1', key: null, value: null });
  expect(record).not.toHaveProperty('key');
  expect(record).not.toHaveProperty('value');
  expect(record.headers).toEqual([]);
});
