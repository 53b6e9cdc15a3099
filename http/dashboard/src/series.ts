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
