// From cumulative counters to what a graph shows. Pure.

export interface Sample {
  time: number;
  values: Record<string, number>;
}

/** Adds a sample, dropping those older than `window` ms. A clock that went back starts afresh. */
export function addSample(samples: readonly Sample[], next: Sample, window: number): Sample[] {
  const last = samples[samples.length - 1];
  if (last && next.time < last.time) return [next];
  if (last && next.time === last.time) return [...samples.slice(0, -1), next];
  return [...samples.filter((sample) => sample.time >= next.time - window), next];
}

const RATE_MS = 10_000;

/** The rates are those of the last ten seconds: what the counters were before them. */
export function sampleBefore(now: Sample, rates: Record<string, number>): Sample {
  const values = Object.entries(now.values).map(([name, value]) =>
    [name, Math.max(value - Math.round((rates[name] ?? 0) * (RATE_MS / 1000)), 0)] as const);
  return { time: now.time - RATE_MS, values: Object.fromEntries(values) };
}

export interface Difference {
  time: number;
  /** Per second. */
  rates: Record<string, number>;
  counts: Record<string, number>;
}

/** What happened between each sample and the one before. A counter that fell was reset: it counts from 0. */
export function differences(samples: readonly Sample[]): Difference[] {
  const result: Difference[] = [];
  for (let i = 1; i < samples.length; ++i) {
    const before = samples[i - 1]!;
    const after = samples[i]!;
    const seconds = (after.time - before.time) / 1000;
    const rates: Record<string, number> = {};
    const counts: Record<string, number> = {};
    for (const [name, value] of Object.entries(after.values)) {
      const previous = before.values[name] ?? value;
      const count = value >= previous ? value - previous : value;
      counts[name] = count;
      rates[name] = seconds > 0 ? count / seconds : 0;
    }
    result.push({ time: after.time, rates, counts });
  }
  return result;
}

/** Keeps the identity of rows that did not change, so that only changed ones are drawn again. */
export function keepSame<T>(before: readonly T[], after: readonly T[], key: (row: T) => string): T[] {
  const known = new Map(before.map((row) => [key(row), row]));
  return after.map((row) => {
    const old = known.get(key(row));
    return old !== undefined && JSON.stringify(old) === JSON.stringify(row) ? old : row;
  });
}

/** Sums of the values whose times have the same key, at the first of these times. */
export function sumBy(times: readonly number[], values: readonly number[], keyOf: (time: number) => string | number):
  { times: number[]; values: number[] } {
  const sums = new Map<string | number, { time: number; value: number }>();
  times.forEach((time, at) => {
    const key = keyOf(time);
    const sum = sums.get(key);
    if (sum) sum.value += values[at] ?? 0;
    else sums.set(key, { time, value: values[at] ?? 0 });
  });
  const all = [...sums.values()];
  return { times: all.map(({ time }) => time), values: all.map(({ value }) => value) };
}
