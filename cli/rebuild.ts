/** `headrace rebuild`: the warehouse table, loaded anew from the commit log. */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { isWhole } from '../pipeline/audit/chain.ts';
import { BrokenInvariantError } from '../pipeline/errors.ts';
import { rebuildTable } from '../pipeline/rebuild/rebuild-table.ts';
import { FLAG, onlyEvent, PLACE_OPTIONS, placeOf, TEXT, windowOf } from './arguments.ts';
import { CommandError } from './command-error.ts';
import { connectEvent } from './connect-event.ts';
import { progressBar } from './progress-bar.ts';
import { quantity } from './quantity.ts';

const OPTIONS = { ...PLACE_OPTIONS, from: TEXT, to: TEXT, 'drop-columns': FLAG } as const;

/** @returns the exit code: 1 when the chain is not whole, and nothing was rebuilt. */
export async function rebuild(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  const event = onlyEvent(positionals);
  const window = windowOf(values);
  const connection = await connectEvent(event, placeOf(values));
  try {
    let bar: ReturnType<typeof progressBar> | undefined;
    const onProgress = (loaded: number, commits: number): void => {
      bar ??= progressBar(`${event} commits`, commits);
      bar.update(loaded);
    };
    const { partitions } = connection.contract.topic;
    const { commits, rows, faults } = await rebuildTable(
      { ...connection, partitions, sleep, onProgress },
      { ...window, dropColumns: values['drop-columns'] ?? false },
    ).catch(refused);
    if (faults.length > 0) {
      console.error(
        `Nothing was rebuilt: the commits of ${event} are not whole. "headrace audit ${event}" tells more.`,
      );
      console.error(faults.map(({ message }) => `  ${message}`).join('\n'));
      return 1;
    }
    if (commits === 0 && !isWhole(window)) {
      console.log(`${event}: no commits in this window, so the table is as it was.`);
      return 0;
    }
    const loaded = `${quantity(rows, 'row')} of ${quantity(commits, 'commit')}`;
    console.log(`${event}: loaded ${loaded} anew, into "${connection.table.table}".`);
    return 0;
  } finally {
    await connection.close();
  }
}

/** The table is as it was, and the message says what to do. */
function refused(error: unknown): never {
  throw error instanceof BrokenInvariantError ? new CommandError(error.message) : error;
}
