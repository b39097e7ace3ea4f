/** Orders of about 1 KB of JSON each: nested, repeated, with text that does not compress away. */
import type { DemoEvent } from '../../cli/demo/data-set.ts';

const ITEMS = 13;
const SKUS = 2_000;

/** @returns the same orders each time. */
export function orders(size: number): { event: string; source: string; size: number; eventAt(n: number): DemoEvent } {
  const start = Date.parse('2026-11-20T00:00:00Z');
  return {
    event: 'order_created',
    source: '/bench/orders',
    size,
    eventAt(index) {
      const random = lehmer(index + 1);
      const items = Array.from({ length: ITEMS }, () => ({
        sku: `sku-${Math.floor(random() * SKUS)}-${['blue', 'green', 'red'][Math.floor(random() * 3)]}`,
        quantity: 1 + Math.floor(random() * 5),
        price_cents: 100 + Math.floor(random() * 100_000),
      }));
      const data = {
        order_id: `o-${Math.floor(random() * 1e9).toString(36)}-${index}`,
        customer_id: String(Math.floor(random() * 1e15)),
        placed_at: new Date(start + index * 10).toISOString(),
        channel: ['WEB', 'APP', 'PHONE'][index % 3],
        items,
        labels: { region: `r-${index % 40}`, campaign: `c-${Math.floor(random() * 500)}` },
      };
      return { id: `order-${index}`, data };
    },
  };
}

/** Numbers from 0 to below 1 that only look random. */
function lehmer(seed: number): () => number {
  let state = (seed * 48_271) % 0x7fffffff;
  return () => {
    state = (state * 48_271) % 0x7fffffff;
    return state / 0x7fffffff;
  };
}
