/** A bar that fills on one line of a terminal; where there is no terminal, a line for each tenth. */

const WIDTH = 32;
const TENTHS = 10;

export interface ProgressBar {
  /** @param done so far, of the total. */
  update(done: number): void;
}

export function progressBar(label: string, total: number, out: NodeJS.WriteStream = process.stdout): ProgressBar {
  let shown = -1;
  return {
    update(done) {
      const steps = out.isTTY ? 100 : TENTHS;
      const step = total === 0 ? steps : Math.floor((done / total) * steps);
      if (step === shown) {
        return;
      }
      shown = step;
      const count = `${done.toLocaleString('en-US')} of ${total.toLocaleString('en-US')}`;
      if (out.isTTY) {
        const filled = Math.round((step / steps) * WIDTH);
        const bar = '█'.repeat(filled) + '░'.repeat(WIDTH - filled);
        out.write(`\r${label} ${bar} ${count}${done >= total ? '\n' : ''}`);
      } else {
        out.write(`${label} ${String(step * TENTHS).padStart(3)} %  ${count}\n`);
      }
    },
  };
}
