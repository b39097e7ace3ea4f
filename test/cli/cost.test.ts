import { parseRate } from '../../cli/cost.ts';

test.each([
  ['order_created=100/s', 100],
  ['order_created=90/min', 1.5],
  ['order_created=7200/h', 2],
  ['order_created=86400/day', 1],
  ['order_created=2628000/month', 1],
  ['order_created=0.5/s', 0.5],
])('parseRate: %s', (text, eventsPerSecond) => {
  expect(parseRate(text)).toEqual({ event: 'order_created', eventsPerSecond });
});

test.each([
  'order_created',
  '100/s',
  'order_created=many/s',
  'order_created=1/year',
  'Order=1/s',
  'order_created=-1/s',
])('parseRate: %s is refused with what is allowed', (text) => {
  expect(() => parseRate(text)).toThrow(`Cannot read the rate "${text}": allowed is <event>=<number>/s`);
});
