/** How many of what, as people write it. */

/** `1 row`, `231,083 rows`: for nouns whose plural is an s. */
export const quantity = (count: number, noun: string): string =>
  `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`;
