/** ISO 8601 with microseconds, such as `2026-11-20T12:00:00.000001Z`; `Date` holds milliseconds only. */
export function isoTime(micros: number | bigint): string {
  const sinceEpoch = BigInt(micros);
  const rest = ((sinceEpoch % 1000n) + 1000n) % 1000n;
  const millis = new Date(Number((sinceEpoch - rest) / 1000n)).toISOString();
  return millis.replace('Z', `${String(rest).padStart(3, '0')}Z`);
}
