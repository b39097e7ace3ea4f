#!/usr/bin/env -S node --disable-warning=TimeoutNegativeWarning
/** The command line: one command a file in `cli/`. */
import { parseArgs } from 'node:util';
import { CommandError } from '../cli/command-error.ts';

const USAGE = `Usage: headrace <command> [options]

  start   run the pipeline on this machine until Ctrl-C
            --dir DIR        data folder                    (.headrace/laptop)
            --port N         port of the ingest API         (8787; 0 takes a free one)
            --assembly DIR   run the synthesized stacks in DIR instead of synthesizing
            --brokers LIST   host:port,... of a Kafka to use instead of the embedded one
  demo    send the public data sets of vega-datasets through it and check every number
  check   compile every contract in schemas/ and say what is wrong
`;

const DEFAULT_PORT = '8787';

async function main(): Promise<number> {
  const [command, ...args] = process.argv.slice(2);
  switch (command) {
    case 'start': {
      const { values } = parseArgs({
        args,
        options: {
          dir: { type: 'string', default: '.headrace/laptop' },
          port: { type: 'string', default: DEFAULT_PORT },
          assembly: { type: 'string' },
          brokers: { type: 'string' },
        },
      });
      const { start } = await import('../cli/start.ts');
      const { dir, port, assembly, brokers } = values;
      return start({ dataDir: dir, port: portNumber(port), assembly, brokers });
    }
    case 'demo':
      return (await import('../cli/demo.ts')).demo();
    case 'check':
      return (await import('../cli/check.ts')).check();
    default:
      console.error(command === undefined ? USAGE : `Unknown command "${command}".\n\n${USAGE}`);
      return command === undefined ? 0 : 2;
  }
}

function portNumber(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new CommandError(`Cannot use "${text}" as a port: allowed are 0 to 65535`);
  }
  return port;
}

/** Errors that a person can mend are one line; anything else is a defect and shows where it came from. */
const EXPECTED: ReadonlySet<string> = new Set(['CommandError', 'ContractError', 'HostError']);

async function exitCode(): Promise<number> {
  try {
    return await main();
  } catch (error) {
    const expected =
      error instanceof Error &&
      (EXPECTED.has(error.name) || ('code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')));
    console.error(expected ? error.message : error);
    return 1;
  }
}

// A command is over when it returns, also when a failure left a connection open.
process.exit(await exitCode());
