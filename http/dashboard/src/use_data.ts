// Loading for components: now, and again whenever the heartbeat says that something changed.
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { ApiError } from './api';
import { beat } from './live';

export interface Loaded<T> {
  data: T | null;
  error: ApiError | null;
  loading: boolean;
  reload: () => Promise<void>;
}

/** What does not show in the revision of jobs, such as a paused queue, is seen after that long. */
const STALE_MS = 10_000;

interface Options {
  /** At most so often, whatever the heartbeat; ms. */
  every?: number;
  /** Not again by itself. */
  once?: boolean;
}

function asApiError(error: unknown): ApiError {
  return error instanceof ApiError ? error : new ApiError(0, String((error as Error)?.message ?? error), 'internal');
}

/** `key` names what is loaded: another key is another thing, and the old one is not shown for it. */
export function useData<T>(key: string, load: (signal: AbortSignal) => Promise<T>, options: Options = {}): Loaded<T> {
  const [state, setState] = useState<{ key: string; data: T | null; error: ApiError | null }>(
    { key, data: null, error: null });
  const latest = useRef({ load, key, serial: 0, at: 0, busy: false, abort: null as AbortController | null });
  latest.current.load = load;
  latest.current.key = key;

  const run = useCallback(async () => {
    const mine = latest.current;
    mine.abort?.abort();
    const abort = new AbortController();
    mine.abort = abort;
    mine.busy = true;
    mine.at = Date.now();
    const serial = ++mine.serial;
    const of = mine.key;
    try {
      const data = await mine.load(abort.signal);
      if (serial === mine.serial) setState({ key: of, data, error: null });
    } catch (error) {
      if (abort.signal.aborted || serial !== mine.serial) return;
      setState((before) => ({ key: of, data: before.key === of ? before.data : null, error: asApiError(error) }));
    } finally {
      if (serial === mine.serial) mine.busy = false;
    }
  }, []);

  useEffect(() => {
    void run();
    return () => {
      latest.current.serial += 1;
      latest.current.abort?.abort();
      latest.current.busy = false;
    };
  }, [key, run]);

  useEffect(() => {
    if (options.once) return undefined;
    return beat.subscribe(({ everything }) => {
      const mine = latest.current;
      const age = Date.now() - mine.at;
      const due = everything ? age >= (options.every ?? 0) : age >= Math.max(options.every ?? 0, STALE_MS);
      if (due && !mine.busy) void run();
    });
  }, [run, options.once, options.every]);

  const current = state.key === key;
  return {
    data: current ? state.data : null,
    error: current ? state.error : null,
    loading: !current || (state.data === null && state.error === null),
    reload: run,
  };
}
