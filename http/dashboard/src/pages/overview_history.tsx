// Days and weeks: what was done, and how long it took.
import { useEffect, useMemo } from 'preact/hooks';
import { call } from '../api';
import { Chart } from '../components/chart';
import { Empty, Panel, Shown } from '../components/panel';
import { formatBucket, formatDuration, formatNumber, formatShort } from '../format';
import { t } from '../i18n';
import { linkTo, place } from '../router';
import { settings } from '../settings';
import { createStore, useStore } from '../store';
import type { Metric, Series } from '../types';
import { useData } from '../use_data';

export const HISTORY_RANGES = {
  '1h': { step: 'minute', ms: 3_600_000, every: 15_000 },
  '24h': { step: 'hour', ms: 86_400_000, every: 30_000 },
  '7d': { step: 'hour', ms: 7 * 86_400_000, every: 60_000 },
  '30d': { step: 'day', ms: 30 * 86_400_000, every: 300_000 },
} as const;
export type HistoryRange = keyof typeof HISTORY_RANGES;

/** What comes below it waits, and is asked for after it. */
export const historyShown = createStore(false);

function seriesPath(metric: string, range: HistoryRange): string {
  const { step, ms } = HISTORY_RANGES[range];
  // Days: whole ones, today included. The server rounds to its steps.
  const from = new Date(Date.now() - ms + (step === 'day' ? 86_400_000 : 0)).toISOString();
  return `series?metric=${metric}&step=${step}&from=${from}`;
}

export function timesOf(series: Series): number[] {
  const start = Date.parse(series.from);
  const size = series.series[0]?.values.length ?? 0;
  return Array.from({ length: size }, (_, index) => start + index * series.stepMs);
}

export function valuesOf(series: Series, name = series.series[0]?.name): number[] {
  return series.series.find((one) => one.name === name)?.values ?? [];
}

function RangePicker({ range }: { range: HistoryRange }) {
  const { query } = useStore(place);
  return (
    <nav class="segmented" aria-label={t('overview.range')}>
      {(Object.keys(HISTORY_RANGES) as HistoryRange[]).map((one) => (
        <a key={one} href={linkTo('/', { ...query, range: one === '24h' ? '' : one })} aria-current={one === range ? 'true' : undefined}>
          {t(`range.${one}`)}
        </a>
      ))}
    </nav>
  );
}

const SHOWN: readonly { metric: Metric; color: string }[] = [
  { metric: 'completed', color: 'completed' }, { metric: 'failed', color: 'failed' }];

export function HistoryChart({ range }: { range: HistoryRange }) {
  const style = useStore(settings);
  const loaded = useData(`history-${range}`, (signal) => call<Series>(seriesPath('counts', range), { signal }),
    { every: HISTORY_RANGES[range].every });
  useEffect(() => { if (loaded.data) historyShown.set(true); }, [loaded.data]);
  const shown = useMemo(() => loaded.data && {
    times: timesOf(loaded.data),
    lines: SHOWN.map(({ metric, color }) => ({ name: t(`metric.${metric}`), color, values: valuesOf(loaded.data!, metric) })),
    step: loaded.data.stepMs,
  }, [loaded.data, style.language]);
  return (
    <Panel title={t('overview.history')} actions={<RangePicker range={range} />}>
      <Shown from={{ ...loaded, data: shown }}>
        {({ times, lines, step }) => (
          <Chart label={t('overview.history')} times={times} lines={lines} kind="bars" sums height={190}
            range={[(times[0] ?? 0) - step / 2, (times[times.length - 1] ?? 0) + step / 2]}
            format={(value) => (value < 10_000 ? formatNumber(value, style.language) : formatShort(value, style.language))}
            tick={(time) => formatBucket(time, range === '7d' ? 86_400_000 : step, style)} />
        )}
      </Shown>
    </Panel>
  );
}

const PERCENTILES = [['p50', 'completed'], ['p95', 'retrying'], ['p99', 'failed']] as const;

export function TimesChart({ metric, range }: { metric: 'wait' | 'run'; range: HistoryRange }) {
  const style = useStore(settings);
  const loaded = useData(`${metric}-${range}`, (signal) => call<Series>(seriesPath(metric, range), { signal }),
    { every: HISTORY_RANGES[range].every });
  const shown = useMemo(() => {
    if (!loaded.data) return null;
    const counts = valuesOf(loaded.data, 'count');
    return {
      any: counts.some((count) => count > 0),
      step: loaded.data.stepMs,
      times: timesOf(loaded.data),
      lines: PERCENTILES.map(([name, color]) => ({
        name, color, values: valuesOf(loaded.data!, name).map((value, at) => (counts[at] ? value : null)),
      })),
    };
  }, [loaded.data]);
  return (
    <Panel title={t(metric === 'wait' ? 'overview.wait' : 'overview.run')}>
      <Shown from={{ ...loaded, data: shown }}>
        {({ any, times, lines, step }) => any ? (
          <Chart label={t(metric === 'wait' ? 'overview.wait' : 'overview.run')} times={times} lines={lines} height={150}
            kind={lines[0]!.values.filter((value) => value !== null).length < 3 ? 'bars' : 'line'}
            range={[(times[0] ?? 0) - step / 2, (times[times.length - 1] ?? 0) + step / 2]}
            format={formatDuration} tick={(time) => formatBucket(time, range === '7d' ? 86_400_000 : step, style)} />
        ) : <Empty title={t('overview.no-times')} />}
      </Shown>
    </Panel>
  );
}
