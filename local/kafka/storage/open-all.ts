/** Opening several files, all or none. */

/** Opens each of `keys` in order; when one cannot be opened, closes those before it and throws what it threw. */
export function openAll<Key, Opened extends { close(): void }>(
  keys: readonly Key[],
  open: (key: Key) => Opened,
): readonly Opened[] {
  const opened: Opened[] = [];
  try {
    for (const key of keys) opened.push(open(key));
  } catch (error) {
    for (const one of opened) one.close();
    throw error;
  }
  return opened;
}
