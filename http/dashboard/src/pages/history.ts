// The history of a server in the ranges that the overview offers: which steps to ask for, and how to put them together.
import { call } from '../api';
import { dayOf, type Zone } from '../format';
import { sumBy } from '../series';
import { createStore } from '../store';
import type { Series } from '../types';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

export const HISTORY_RANGES = {
  '1h': { step: 'minute', ms: 3_600_000, every: 15_000 },
  '24h': { step: 'hour', ms: 86_400_000, every: 30_000 },
  '7d': { step: 'hour', ms: 7 * 86_400_000, every: 60_000 },
  '30d': { step: 'day', ms: 30 * 86_400_000, every: 300_000 },
} as const;
export type HistoryRange = keyof typeof HISTORY_RANGES;

/** What fits a server that nobody has asked for a range: an hour while it has done nothing before, else a day. */
export const fittingRange = createStore<HistoryRange | null>(null);

function path(metric: string, step: Series['step'], from: number): string {
  return `series?metric=${metric}&step=${step}&from=${new Date(from).toISOString()}`;
}

export function timesPath(metric: string, range: HistoryRange): string {
  const { step, ms } = HISTORY_RANGES[range];
  // Days: whole ones, today included. The server rounds to its steps.
  return path(metric, step, Date.now() - ms + (step === 'day' ? DAY : 0));
}

export function timesOf(series: Series): number[] {
  const start = Date.parse(series.from);
  const size = series.series[0]?.values.length ?? 0;
  return Array.from({ length: size }, (_, index) => start + index * series.stepMs);
}

export function valuesOf(series: Series, name: string): number[] {
  return series.series.find((one) => one.name === name)?.values ?? [];
}

export interface History {
  range: HistoryRange;
  stepMs: number;
  times: number[];
  values: Record<string, number[]>;
}

/** Sums the steps that have the same key; the first `skip` of the sums are left out. */
function gathered(series: Series, range: HistoryRange, stepMs: number, keyOf: (time: number) => string | number, skip = 0): History {
  const from = timesOf(series);
  const values: Record<string, number[]> = {};
  let times: number[] = [];
  for (const one of series.series) {
    const sums = sumBy(from, one.values, keyOf);
    times = sums.times.slice(skip);
    values[one.name] = sums.values.slice(skip);
  }
  return { range, stepMs, times, values };
}

/** Minutes of a day, shown as the last hour of them or as hours. */
export function fit(series: Series, now: number): History {
  const size = series.series[0]?.values.length ?? 0;
  const first = Math.min(...series.series.map(({ values }) => values.findIndex((value) => value > 0)).map((at) => (at < 0 ? size : at)));
  const times = timesOf(series);
  if (first < size && times[first]! < now - HOUR) return gathered(series, '24h', HOUR, (time) => Math.floor(time / HOUR));
  return gathered(series, '1h', MINUTE, (time) => time, Math.max(size - 60, 0));
}

export async function loadHistory(range: HistoryRange | null, zone: Zone, signal: AbortSignal): Promise<History> {
  const now = Date.now();
  const ask = (step: Series['step'], from: number) => call<Series>(path('counts', step, from), { signal });
  const known = range ?? fittingRange.get();
  if (known === null) return fit(await ask('minute', Math.floor(now / HOUR) * HOUR - 23 * HOUR), now);
  // Days are those of the chosen zone: a day more, of which the first, a part, is left out.
  if (known === '30d') return gathered(await ask('hour', now - 30 * DAY), known, DAY, (time) => dayOf(time, zone), 1);
  const { step, ms } = HISTORY_RANGES[known];
  const series = await ask(step, now - ms);
  return gathered(series, known, series.stepMs, (time) => time);
}
