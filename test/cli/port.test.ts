/** The ports that commands take. */

import { spawnSync } from 'node:child_process';

test.each(['', ' ', '65536', '0x50'])('headrace kafka refuses "%s" as a port, in one line', (port) => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['bin/headrace.ts', 'kafka', '--dir', '/dev/null', `--port=${port}`],
    {
      encoding: 'utf8',
    },
  );
  expect({ status, stdout, stderr }).toEqual({
    status: 1,
    stdout: '',
    stderr: `Cannot use "${port}" as a port: allowed are 0 to 65535\n`,
  });
});
