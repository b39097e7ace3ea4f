/** JSON text that every reader of JSON accepts. */

const ESCAPED_SURROGATE = /\\u[dD][89a-fA-F]/;

/**
 * The value of the text.
 * @throws SyntaxError when it is not JSON, or has half of a surrogate pair in a string: JavaScript lets that pass as an
 * escape, and other readers, a warehouse among them, refuse the whole file.
 */
export function parseJsonText(text: string): unknown {
  if (!text.isWellFormed()) {
    throw loneSurrogate();
  }
  return JSON.parse(text, ESCAPED_SURROGATE.test(text) ? refuseLoneSurrogates : undefined);
}

function refuseLoneSurrogates(name: string, value: unknown): unknown {
  if (!name.isWellFormed() || (typeof value === 'string' && !value.isWellFormed())) {
    throw loneSurrogate();
  }
  return value;
}

const loneSurrogate = (): SyntaxError => new SyntaxError('half of a surrogate pair is not Unicode');
