/** Names that an object of JSON has twice, of which `JSON.parse` keeps the last without a word. */

/** Names and indexes from the text's value down to a value in it. */
export type JsonPath = ReadonlyArray<string | number>;

interface Container {
  /** Of an object; undefined in an array. */
  readonly names: Set<string> | undefined;
  /** The name or index of the value that is read at the moment. */
  place: string | number;
}

/** The places at which a name comes again, in time linear in the text, which must be JSON. */
export function repeatedNames(text: string): JsonPath[] {
  const repeated: JsonPath[] = [];
  const containers: Container[] = [];
  /** Whether an object's next string is a name. */
  let isName = false;
  for (let at = 0; at < text.length; at++) {
    const inner = containers.at(-1);
    switch (text[at]) {
      case '{':
        containers.push({ names: new Set(), place: '' });
        isName = true;
        break;
      case '[':
        containers.push({ names: undefined, place: 0 });
        isName = false;
        break;
      case '}':
      case ']':
        containers.pop();
        break;
      case ',':
        if (typeof inner?.place === 'number') inner.place++;
        isName = inner?.names !== undefined;
        break;
      case '"': {
        const end = stringEnd(text, at);
        if (isName && inner && takeName(inner, text.slice(at, end)))
          repeated.push(containers.map(({ place }) => place));
        isName = false;
        at = end - 1;
      }
    }
  }
  return repeated;
}

/** Behind the string that begins at `from`. A loop, as a pattern would remember each escape on the stack. */
function stringEnd(text: string, from: number): number {
  let at = from + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

/** @returns whether the object had the name before */
function takeName(object: Container, token: string): boolean {
  const name = JSON.parse(token) as string;
  const isAgain = object.names?.has(name) ?? false;
  object.names?.add(name);
  object.place = name;
  return isAgain;
}

const NAME_LENGTH_MAX = 64;

/**
 * The path as errors tell it: the first name, and the indexes behind it. Further names are left out, as keys of maps
 * may be personal data.
 */
export function repeatedField([name = '', ...inner]: JsonPath): string {
  const end = inner.findIndex((place) => typeof place === 'string');
  const indexes = end < 0 ? inner : inner.slice(0, end);
  return `${String(name).slice(0, NAME_LENGTH_MAX)}${indexes.map((index) => `[${index}]`).join('')}`;
}
