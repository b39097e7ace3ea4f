/** `flights-200k.json` of vega-datasets: 231,083 US flights, from the Bureau of Transportation Statistics. */
import { readFileSync } from 'node:fs';
import { type DataSet, sum } from './data-set.ts';

interface Flight {
  /** Minutes. */
  readonly delay: number;
  /** Miles. */
  readonly distance: number;
  /** Hour of the day. */
  readonly time: number;
}

const MINUTES_PER_HOUR = 60;

/** @param file path of `flights-200k.json`. */
export function flights(file: string): DataSet {
  const rows = JSON.parse(readFileSync(file, 'utf8')) as Flight[];
  return {
    event: 'flight_departed',
    source: '/vega-datasets/flights-200k',
    size: rows.length,
    eventAt(index) {
      const { delay, distance, time } = rows[index] as Flight;
      const data = { delay_minutes: delay, distance_miles: distance, departure_hour: time };
      return { id: `flight-${index}`, data };
    },
    checks: [
      { label: 'rows', sql: 'count(*)', expected: rows.length },
      { label: 'sum of delays', sql: 'sum(delay_minutes)', expected: sum(rows.map(({ delay }) => delay)) },
      { label: 'sum of distances', sql: 'sum(distance_miles)', expected: sum(rows.map(({ distance }) => distance)) },
      {
        label: 'sum of departures, in minutes',
        sql: `sum(round(departure_hour * ${MINUTES_PER_HOUR})::BIGINT)`,
        expected: sum(rows.map(({ time }) => Math.round(time * MINUTES_PER_HOUR))),
      },
      { label: 'different ids', sql: 'count(DISTINCT _id)', expected: rows.length },
    ],
  };
}
