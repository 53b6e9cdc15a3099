// The heartbeat: looks at the server every few seconds, in a visible tab, while the person is signed in.
// Pages fetch again when it says that something changed.
import { ApiError, call, connection } from './api';
import { settings } from './settings';
import { createStore } from './store';
import { addSample, type Sample } from './series';
import type { Live, Stats } from './types';

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
let offered = true;

async function look(): Promise<Live> {
  if (offered) {
    try {
      const rev = beat.get().live?.rev ?? 0;
      return await call<Live>(`live?rev=${rev}`);
    } catch (error) {
      if (!(error instanceof ApiError && error.missing)) throw error;
      offered = false; // An older server: its statistics are what there is.
    }
  }
  const stats = await call<Stats>('stats');
  return { rev: -1, queue: stats.queue, changed: [], more: true, timestamp: stats.timestamp };
}

function take(live: Live): void {
  const before = beat.get();
  const moved = live.rev < 0 || live.rev !== before.live?.rev;
  const samples = live.totals
    ? addSample(before.samples, { time: Date.parse(live.timestamp), values: live.totals }, WINDOW_MS)
    : [];
  beat.set({
    turn: before.turn + 1, live, samples, at: live.timestamp, everything: moved,
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
