/** Properties that the host would not honour are errors, not silence. */

/**
 * @param effective properties that the host acts on.
 * @param withoutEffect properties that make no difference on a laptop.
 * @throws Error that names a property in neither list.
 */
export function expectProperties(
  properties: Readonly<Record<string, unknown>>,
  effective: readonly string[],
  withoutEffect: readonly string[],
): void {
  const known = new Set([...effective, ...withoutEffect]);
  const unknown = Object.keys(properties).filter((name) => !known.has(name));
  if (unknown.length > 0) {
    throw new Error(`the laptop host does not support its ${unknown.join(', ')}, only ${effective.join(', ')}`);
  }
}
