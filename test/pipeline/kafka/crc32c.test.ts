/** The checksum against the examples of RFC 3720 B.4. */

import { crc32c } from '../../../pipeline/kafka/crc32c.ts';

test.each([
  ['32 bytes of zeros', Buffer.alloc(32), 0x8a9136aa],
  ['32 bytes of ones', Buffer.alloc(32, 0xff), 0x62a8ab43],
  ['32 bytes counting up', Buffer.from(Array.from({ length: 32 }, (_, at) => at)), 0x46dd794e],
  ['32 bytes counting down', Buffer.from(Array.from({ length: 32 }, (_, at) => 31 - at)), 0x113fdb5c],
  ['the digits, which fill no step', Buffer.from('123456789'), 0xe3069283],
  ['nothing', Buffer.alloc(0), 0],
])('crc32c of %s', (_, bytes, expected) => {
  expect(crc32c(bytes)).toBe(expected);
});

test('crc32c of a view does not depend on where the view begins', () => {
  const bytes = Buffer.from('0123456789abcdefghijklmnopqrstuvwxyz');
  for (let start = 0; start < 9; start += 1) {
    const moved = Buffer.concat([Buffer.alloc(start), bytes]).subarray(start);
    expect(crc32c(moved)).toBe(crc32c(bytes));
  }
});
