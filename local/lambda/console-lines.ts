/** What Lambda's Node.js runtime makes of `console`. */
import { format } from 'node:util';

const LEVELS = { debug: 'DEBUG', info: 'INFO', log: 'INFO', warn: 'WARN', error: 'ERROR', trace: 'TRACE' } as const;

/**
 * Puts time, request id and level in front of every line of `console`, separated by tabs, as the runtime does in its
 * text format. What is written to standard output past `console` has nothing in front, there and here: only such a line
 * is JSON for whoever filters the log. https://docs.aws.amazon.com/lambda/latest/dg/nodejs-logging.html
 * @param requestId of the invocation that runs; empty before the first.
 */
export function prefixConsoleLines(requestId: () => string): void {
  for (const [method, level] of Object.entries(LEVELS)) {
    console[method as keyof typeof LEVELS] = (...values: unknown[]) => {
      process.stdout.write(`${new Date().toISOString()}\t${requestId()}\t${level}\t${format(...values)}\n`);
    };
  }
}
