/** Runs a measurement in a process of its own, once for the same arguments. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { Measurement, Run } from './measure.ts';

export interface Measured extends Measurement, Run {
  readonly name: string;
  /** CPU seconds for a million rows. */
  readonly perMillion: number;
}

const known = new Map<string, Measured>();

/** @param name a writer or decoder of measure.ts @param flags of the runtime */
export function runMeasure(name: string, run: Run, flags: readonly string[] = ['--max-old-space-size=6000']): Measured {
  const args = [name, run.shape, String(run.rows), run.compression, String(run.rowsPerFile)];
  const key = [...flags, ...args].join(' ');
  const earlier = known.get(key);
  if (earlier) return earlier;
  const script = join(import.meta.dirname, 'measure.ts');
  const output = execFileSync(process.execPath, [...flags, script, ...args]);
  const measurement: Measurement = JSON.parse(output.toString());
  const measured = { ...run, ...measurement, name, perMillion: (measurement.cpuSeconds / run.rows) * 1e6 };
  known.set(key, measured);
  return measured;
}
