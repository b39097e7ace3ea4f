/** Where a schema in JSON says something: neither `JSON.parse` nor what reads its result knows lines. */

/**
 * The line, counted from 1, to which a path of names such as `geo.points[].lat` leads; 0 when its last name is nowhere.
 * Each name is looked for in quotes behind the one before it, so that a name that stands in several places is found in
 * the right one; names that are not written out, as in another order, are passed over.
 */
export function jsonLine(text: string, path: string): number {
  let position = 0;
  let isFound = false;
  for (const name of path.match(/\w+/g) ?? []) {
    const next = text.indexOf(`"${name}"`, position);
    const found = next < 0 ? text.indexOf(`"${name}"`) : next;
    isFound = found >= 0;
    position = isFound ? found : position;
  }
  return isFound ? text.slice(0, position).split('\n').length : 0;
}
