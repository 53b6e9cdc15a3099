// Days and weeks: what was done, and how long it took.
import { useMemo } from 'preact/hooks';
import { call } from '../api';
import { Chart } from '../components/chart';
import { Empty, Panel, Shown } from '../components/panel';
import { formatBucket, formatDuration, formatNumber, formatShort } from '../format';
import { t } from '../i18n';
import { linkTo, place } from '../router';
import { change, RANGES, settings, type HistoryRange } from '../settings';
import { useStore } from '../store';
import type { Metric, Series } from '../types';
import { useData } from '../use_data';
import { DAY, EVERY, loadHistory, timesOf, timesPath, valuesOf } from './history';

function RangePicker({ range }: { range: HistoryRange }) {
  const { query } = useStore(place);
  return (
    <nav class="segmented" aria-label={t('overview.range')}>
      {RANGES.map((one) => (
        <a key={one} href={linkTo('/', { ...query, range: one })} aria-current={one === range ? 'true' : undefined}
          onClick={() => change({ range: one })}>
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
  const loaded = useData(`history-${range}-${style.zone}`, (signal) => loadHistory(range, style.zone, signal), { every: EVERY[range] });
  const shown = useMemo(() => loaded.data && { ...loaded.data, lines: SHOWN.map(({ metric, color }) => ({
    name: t(`metric.${metric}`), color, values: loaded.data!.values[metric] ?? [] })) }, [loaded.data, style.language]);
  return (
    <Panel title={t('overview.history')} class="tall" actions={<RangePicker range={range} />}>
      <Shown from={{ ...loaded, data: shown }}>
        {({ times, lines, stepMs }) => (
          <Chart label={t('overview.history')} times={times} lines={lines} kind="bars" stacked sums height={190}
            range={[(times[0] ?? 0) - stepMs / 2, (times[times.length - 1] ?? 0) + stepMs / 2]}
            format={(value) => (value < 10_000 ? formatNumber(value, style.language) : formatShort(value, style.language))}
            tick={(time) => formatBucket(time, range === '7d' ? DAY : stepMs, style)} />
        )}
      </Shown>
    </Panel>
  );
}

const PERCENTILES = [['p50', 'processing'], ['p95', 'scheduled'], ['p99', 'retrying']] as const;

export function TimesChart({ metric, range }: { metric: 'wait' | 'run'; range: HistoryRange }) {
  const style = useStore(settings);
  const loaded = useData(`${metric}-${range}`, (signal) => call<Series>(timesPath(metric, range), { signal }),
    { every: EVERY[range] });
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
            range={[(times[0] ?? 0) - step / 2, (times[times.length - 1] ?? 0) + step / 2]}
            format={formatDuration} tick={(time) => formatBucket(time, range === '7d' ? DAY : step, step === DAY ? { ...style, zone: 'utc' } : style)} />
        ) : <Empty title={t('overview.no-times')} />}
      </Shown>
    </Panel>
  );
}
