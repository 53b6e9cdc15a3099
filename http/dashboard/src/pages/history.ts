// The history of a server in the ranges that the overview offers: which steps to ask for, and how to put them together.
import { call } from '../api';
import { dayOf, type Zone } from '../format';
import { sumBy } from '../series';
import type { HistoryRange } from '../settings';
import type { Series } from '../types';

const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

/** How often each is asked for again, in ms. */
export const EVERY: Record<HistoryRange, number> = { '1h': 15_000, '24h': 30_000, '7d': 60_000, '30d': 300_000 };

const STEPS: Record<HistoryRange, { step: Series['step']; ms: number }> = {
  '1h': { step: 'minute', ms: HOUR }, '24h': { step: 'hour', ms: DAY }, '7d': { step: 'hour', ms: 7 * DAY }, '30d': { step: 'day', ms: 30 * DAY },
};

function path(metric: string, step: Series['step'], from: number): string {
  return `series?metric=${metric}&step=${step}&from=${new Date(from).toISOString()}`;
}

export function timesPath(metric: string, range: HistoryRange): string {
  const { step, ms } = STEPS[range];
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
  stepMs: number;
  times: number[];
  values: Record<string, number[]>;
}

/** Sums the steps that have the same key; the first `skip` of the sums are left out. */
function gathered(series: Series, stepMs: number, keyOf: (time: number) => string | number, skip = 0): History {
  const from = timesOf(series);
  const values: Record<string, number[]> = {};
  let times: number[] = [];
  for (const one of series.series) {
    const sums = sumBy(from, one.values, keyOf);
    times = sums.times.slice(skip);
    values[one.name] = sums.values.slice(skip);
  }
  return { stepMs, times, values };
}

const LEAST_STEPS = 15;

/** How many steps of a young server's hour are left out, in which it had done nothing yet. */
export function quietStart(series: Series): number {
  const size = series.series[0]?.values.length ?? 0;
  const begin = series.series.map(({ values }) => values.findIndex((value) => value > 0)).filter((at) => at >= 0);
  return Math.max(Math.min(size - LEAST_STEPS, Math.min(size, ...begin) - 1), 0);
}

export async function loadHistory(range: HistoryRange, zone: Zone, signal: AbortSignal): Promise<History> {
  const now = Date.now();
  const ask = (step: Series['step'], from: number) => call<Series>(path('counts', step, from), { signal });
  // Days are those of the chosen zone: a day more, of which the first, a part, is left out.
  if (range === '30d') return gathered(await ask('hour', now - 30 * DAY), DAY, (time) => dayOf(time, zone), 1);
  const { step, ms } = STEPS[range];
  const series = await ask(step, now - ms);
  return gathered(series, series.stepMs, (time) => time, range === '1h' ? quietStart(series) : 0);
}
