/** What a warehouse says went wrong, without the values of rows that it quotes. */

/** The first words say it; the whole is in the warehouse, under the statement's id. */
const LENGTH_MAX = 300;
/** Behind these, rows, lines of files and JSON are shown ("DETAIL: Failing row contains (…)", "variant value {…}"). */
const SHOWN = /\b(?:detail|context|hint)\s*:|\brow contains\b|[[{\n]/i;
/** To the end when a quote is not closed. An apostrophe inside a word is none. */
const QUOTED = /"(?:[^"]|"")*(?:"|$)|(?<!\w)'(?:[^']|'')*(?:'|$)|`[^`]*(?:`|$)/g;
/** Longer than HTTP's statuses, and not the code that a message begins with. */
const NUMBER = /(?<!^)(?<![\w.-])[-+]?\d{4,}(?:\.\d+)?|(?<![\w.-])[-+]?\d+\.\d+/g;

/** What was sent, which never holds a value of a row. */
export interface Sent {
  readonly statements: readonly string[];
  /** Keys of the files that the statements read; a warehouse has its own words for what is before them. */
  readonly files: readonly string[];
}

/**
 * Names, keys and numbers stay where they were sent; everything else that is quoted or a long number becomes "…". Logs
 * are read by more people than the data.
 */
export function withoutValues(reason: string, { statements, files }: Sent): string {
  const shown = SHOWN.exec(reason)?.index ?? reason.length;
  const sent = statements.join('\n');
  const known = (text: string): boolean =>
    text !== '' && (sent.includes(text) || files.some((key) => text.endsWith(key)));
  const told = reason
    .slice(0, shown)
    .replace(QUOTED, (quoted) => (known(quoted.slice(1, -1)) ? quoted : `${quoted[0]}…${quoted[0]}`))
    .replace(NUMBER, (number) => (known(number) ? number : '…'))
    .trim();
  return told.length > LENGTH_MAX ? `${told.slice(0, LENGTH_MAX)}…` : told;
}
