import { isBase64 } from '../../pipeline/base64.ts';

test.each(['', 'QQ==', 'QUE=', 'QUFB', 'QQ', 'QUE', '+/+/', '-_-_'])('isBase64: takes "%s"', (text) => {
  expect(isBase64(text)).toBe(true);
});

test.each(['Q', 'QQ=', 'Q===', 'QUFB=', 'QQ==QQ==', '=', 'QQ Q', 'QQ\n', 'ä'])('isBase64: refuses "%s"', (text) => {
  expect(isBase64(text)).toBe(false);
});

test('isBase64: looks through 64 MiB of text', () => {
  const text = 'QUFB'.repeat(16 * 1024 * 1024);
  expect(isBase64(text)).toBe(true);
  expect(isBase64(`${text}!`)).toBe(false);
});
