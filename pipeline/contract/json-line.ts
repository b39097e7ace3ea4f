/** Lines of text in JSON: what reads the parsed value knows none, and `JSON.parse` tells them of few mistakes. */

/**
 * The line, counted from 1, to which a path of names such as `geo.points[0].lat` leads; 0 when its last name is nowhere.
 * Each name is looked for in quotes behind the one before it, so that a name that stands in several places is found in
 * the right one; names that are not written out, as in another order, are passed over.
 */
export function jsonLine(text: string, path: string): number {
  let position = 0;
  let isFound = false;
  for (const name of path.match(/[A-Za-z_]\w*/g) ?? []) {
    const next = text.indexOf(`"${name}"`, position);
    const found = next < 0 ? text.indexOf(`"${name}"`) : next;
    isFound = found >= 0;
    position = isFound ? found : position;
  }
  return isFound ? text.slice(0, position).split('\n').length : 0;
}

/** The line, counted from 1, on which the text stops being JSON; 0 when it is JSON to its end. */
export function syntaxErrorLine(text: string): number {
  if (mistakeIn(text) === undefined) return 0;
  const lines = text.split('\n');
  for (let count = 1; count < lines.length; count++) {
    const part = lines.slice(0, count).join('\n');
    const mistake = mistakeIn(part);
    if (mistake !== undefined && !isUnfinished(mistake, part)) return lineAt(part, mistake);
  }
  return lines.length;
}

/** What V8 says: some messages tell the position, and those that tell none name a character that is wrong. */
function mistakeIn(text: string): string | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Whether more lines could still make it JSON. */
function isUnfinished(mistake: string, part: string): boolean {
  const position = positionIn(mistake);
  return position === undefined ? mistake.startsWith('Unexpected end') : position >= part.trimEnd().length;
}

function lineAt(part: string, mistake: string): number {
  return part.slice(0, positionIn(mistake)).split('\n').length;
}

function positionIn(mistake: string): number | undefined {
  const position = / at position (\d+)/.exec(mistake)?.[1];
  return position === undefined ? undefined : Number(position);
}
