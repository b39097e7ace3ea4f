/** `earthquakes.json` of vega-datasets: a week of the USGS feed, as GeoJSON. */
import { readFileSync } from 'node:fs';
import { type DataSet, sum } from './data-set.ts';

/** The USGS GeoJSON feed; null where a value was not determined. */
interface Feature {
  readonly id: string;
  readonly geometry: { readonly coordinates: readonly [longitude: number, latitude: number, depthKm: number] };
  readonly properties: {
    readonly mag: number;
    readonly magType: string;
    readonly place: string;
    /** Milliseconds since the epoch. */
    readonly time: number;
    readonly updated: number;
    readonly title: string;
    readonly url: string;
    readonly felt: number | null;
    readonly cdi: number | null;
    readonly mmi: number | null;
    readonly alert: string | null;
    readonly status: string;
    readonly tsunami: number;
    readonly sig: number;
    /** Networks between commas, as in `,ci,us,`. */
    readonly sources: string;
    readonly nst: number | null;
    readonly dmin: number | null;
    readonly rms: number | null;
    readonly gap: number | null;
  };
}

const THOUSANDTHS = 1000;

/** @param file path of `earthquakes.json`. */
export function earthquakes(file: string): DataSet {
  const { features } = JSON.parse(readFileSync(file, 'utf8')) as { readonly features: Feature[] };
  const properties = features.map((feature) => feature.properties);
  return {
    event: 'earthquake_reported',
    source: '/usgs/earthquakes/all_week',
    size: features.length,
    eventAt(index) {
      const feature = features[index] as Feature;
      return { id: feature.id, data: payload(feature) };
    },
    checks: [
      { label: 'rows', sql: 'count(*)', expected: features.length },
      { label: 'different ids', sql: 'count(DISTINCT id)', expected: features.length },
      { label: 'sum of significances', sql: 'sum(significance)', expected: sum(properties.map(({ sig }) => sig)) },
      {
        label: 'sum of times, in milliseconds',
        sql: 'sum(epoch_ms(occurred_at))',
        expected: sum(properties.map(({ time }) => time)),
      },
      {
        label: 'sum of depths, in metres',
        sql: `sum(round(location.depth_km * ${THOUSANDTHS})::BIGINT)`,
        expected: sum(features.map(({ geometry }) => roundHalfAway(geometry.coordinates[2] * THOUSANDTHS))),
      },
      {
        label: 'sum of reports that it was felt',
        sql: 'sum(impact.felt_reports)',
        expected: sum(properties.map(({ felt }) => felt ?? 0)),
      },
      {
        label: 'stations not known',
        sql: 'count(*) FILTER (solution.stations IS NULL)',
        expected: properties.filter(({ nst }) => nst === null).length,
      },
      {
        label: 'contributing networks',
        sql: 'sum(len(sources))',
        expected: sum(properties.map(({ sources }) => split(sources).length)),
      },
    ],
  };
}

/** SQL rounds halves away from zero, `Math.round` towards positive infinity. */
const roundHalfAway = (value: number): number => Math.sign(value) * Math.round(Math.abs(value));

const split = (list: string): string[] => list.split(',').filter((part) => part !== '');

function payload({ id, geometry, properties: p }: Feature): Record<string, unknown> {
  const [longitude, latitude, depthKm] = geometry.coordinates;
  const felt = p.felt !== null || p.cdi !== null || p.mmi !== null || p.alert !== null;
  return {
    id,
    occurred_at: new Date(p.time).toISOString(),
    updated_at: new Date(p.updated).toISOString(),
    title: p.title,
    place: p.place,
    url: p.url,
    status: p.status.toUpperCase(),
    tsunami: p.tsunami === 1,
    significance: p.sig,
    magnitude: { value: p.mag, scale: p.magType },
    location: { longitude, latitude, depth_km: depthKm },
    impact: felt
      ? { felt_reports: p.felt, community_intensity: p.cdi, instrumental_intensity: p.mmi, alert: p.alert }
      : null,
    solution: { stations: p.nst, nearest_station_degrees: p.dmin, residual_seconds: p.rms, gap_degrees: p.gap },
    sources: split(p.sources),
  };
}
