/** An event that a person can send as it is: a valid example of one that runs. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * A command that sends the first valid example of the first event that has one; undefined where none has.
 * @param events in the order in which they are looked at.
 */
export function exampleCommand(ingestUrl: string, schemasDir: string, events: readonly string[]): string | undefined {
  for (const event of events) {
    const folder = join(schemasDir, event, 'examples');
    const names = existsSync(folder) ? readdirSync(folder).sort() : [];
    const example = names.find((name) => /^valid-.+\.json$/.test(name));
    if (example !== undefined) {
      // The text itself, as parsing would take digits from long numbers; JSON has line breaks only between its tokens.
      const data = readFileSync(join(folder, example), 'utf8')
        .trim()
        .replace(/\s*\n\s*/g, ' ');
      const body = `{"specversion":"1.0","id":"example-1","source":"/example","type":"${event}","data":${data}}`;
      const quoted = `'${body.replaceAll("'", String.raw`'\''`)}'`;
      return `curl -i ${ingestUrl} -H 'content-type: application/cloudevents+json' -d ${quoted}`;
    }
  }
  return undefined;
}
