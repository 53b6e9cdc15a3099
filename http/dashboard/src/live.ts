// The heartbeat: looks at the server every few seconds, in a visible tab, while the person is signed in.
// Pages fetch again when it says that something changed.
import { call, connection } from './api';
import { settings } from './settings';
import { createStore } from './store';
import { addSample, sampleBefore, type Sample } from './series';
import type { Live } from './types';

export const WINDOW_MS = 60_000;
const MAX_BACKOFF_MS = 10_000;

export interface Beat {
  /** Grows by one whenever pages should look again. */
  turn: number;
  live: Live | null;
  /** Cumulative counters of the last minute. */
  samples: Sample[];
  /** When the server last answered, by its clock. */
  at: string | null;
  /** Whether pages must ask lists again rather than only what changed. */
  everything: boolean;
}

export const beat = createStore<Beat>({ turn: 0, live: null, samples: [], at: null, everything: true });

let timer = 0;
let running = false;
let again = false;
let failures = 0;

function look(): Promise<Live> {
  return call<Live>(`live?rev=${beat.get().live?.rev ?? 0}`);
}

function take(live: Live): void {
  const before = beat.get();
  const sample = { time: Date.parse(live.timestamp), values: { ...live.totals } };
  const samples = before.samples.length > 0 ? before.samples : [sampleBefore(sample, { ...live.rates })];
  beat.set({
    turn: before.turn + 1, live, samples: addSample(samples, sample, WINDOW_MS), at: live.timestamp,
    everything: live.rev !== before.live?.rev,
  });
}

function stopped(): boolean {
  return document.hidden || settings.get().paused || connection.get() === 'signed-out';
}

async function tick(): Promise<void> {
  if (running) {
    again = true;
    return;
  }
  running = true;
  clearTimeout(timer);
  try {
    take(await look());
    failures = 0;
  } catch {
    failures += 1; // `connection` says why.
  }
  running = false;
  if (again) {
    again = false;
    void tick();
  } else if (!stopped()) {
    const pause = settings.get().interval * 1000;
    timer = window.setTimeout(() => void tick(), failures ? Math.min(pause * 2 ** (failures - 1), MAX_BACKOFF_MS) : pause);
  }
}

/** Looks at once, e.g. after an action of the person's own. */
export function refresh(): void {
  failures = 0;
  void tick();
}

export function startLive(): void {
  document.addEventListener('visibilitychange', () => {
    clearTimeout(timer);
    if (!stopped()) refresh();
  });
  let before = settings.get();
  settings.subscribe((next) => {
    const changed = next.interval !== before.interval || next.paused !== before.paused;
    before = next;
    if (!changed) return;
    clearTimeout(timer);
    if (!stopped()) refresh();
  });
  connection.subscribe((state) => {
    if (state === 'signed-out') clearTimeout(timer);
  });
  void tick();
}
