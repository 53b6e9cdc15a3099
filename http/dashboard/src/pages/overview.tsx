// What people open every morning: is it alive, is it keeping up, what went wrong.
import type { ComponentChildren } from 'preact';
import { useMemo } from 'preact/hooks';
import { Badge, Heading } from '../components/basics';
import { Chart } from '../components/chart';
import { Icon } from '../components/icons';
import { Panel, Skeleton } from '../components/panel';
import { loadHealth } from '../health';
import { formatClock, formatNumber, formatPercent, formatRate, formatShort } from '../format';
import { t, word } from '../i18n';
import { beat, WINDOW_MS } from '../live';
import { linkTo, place } from '../router';
import { differences } from '../series';
import { RANGES, settings } from '../settings';
import { useStore } from '../store';
import { JOB_STATUSES, METRICS, type JobStatus, type Metric } from '../types';
import { useData } from '../use_data';
import { useVisible } from '../use_visible';
import { ChannelSummary, ErrorSummary, QueueSummary } from './overview_parts';
import { HistoryChart, TimesChart } from './overview_history';

const TARGET: Record<JobStatus, string> = {
  pending: '/jobs', scheduled: '/scheduled', processing: '/jobs', retrying: '/retries',
  completed: '/jobs', failed: '/failed', cancelled: '/jobs',
};

function Counters() {
  const { live } = useStore(beat);
  const { language } = useStore(settings);
  return (
    <ul class="counters" aria-label={t('overview.counters')}>
      {JOB_STATUSES.map((status) => {
        const target = TARGET[status];
        return (
          <li key={status}>
            <a href={linkTo(target, target === '/jobs' ? { status } : {})} class={`counter s-${status}`}>
              <span class="counter-name"><Icon name={status} size={14} />{word('status', status)}</span>
              <span class="counter-value" data-status={status} title={live ? formatNumber(live.queue[status], language) : undefined}>
                {live ? formatShort(live.queue[status], language) : '–'}
              </span>
            </a>
          </li>
        );
      })}
    </ul>
  );
}

/** A young graph shows less, rather than much of nothing. */
const SHORTEST_MS = 15_000;

const COLORS: Record<Metric, string> = {
  enqueued: 'pending', completed: 'completed', failed: 'failed', retried: 'retrying',
};

function LiveGraph() {
  const { live, samples, at } = useStore(beat);
  const style = useStore(settings);
  const points = useMemo(() => differences(samples), [samples]);
  const times = useMemo(() => points.map(({ time }) => time), [points]);
  const linesOf = (values: (metric: Metric) => number[]) =>
    METRICS.map((metric) => ({ name: t(`metric.${metric}`), color: COLORS[metric], values: values(metric) }));
  // A rate holds from one look to the next, so the first one begins where the samples do.
  const lines = useMemo(() => linesOf((metric) =>
    [...points.slice(0, 1), ...points].map(({ rates }) => rates[metric] ?? 0)), [points, style.language]);
  const drawnTimes = useMemo(() => (points.length > 0 ? [samples[0]!.time, ...times] : []), [points]);
  const table = {
    times, lines: linesOf((metric) => points.map(({ counts }) => counts[metric] ?? 0)),
    format: (value: number) => formatNumber(value, style.language),
  };
  const end = at ? Date.parse(at) : Date.now();
  const start = Math.max(end - WINDOW_MS, Math.min(drawnTimes[0] ?? end, end - SHORTEST_MS));
  return (
    <Panel title={t('overview.live')} class="span-2 tall">
      {live === null ? <Skeleton lines={6} /> : (
        <Chart label={t('overview.live')} times={drawnTimes} lines={lines} range={[start, end]} height={216} sums table={table}
          format={(value) => formatRate(value, style.language)} tick={(time) => formatClock(time, style)} />
      )}
    </Panel>
  );
}

function Figure({ name, value, note, bad = false }: { name: string; value: string; note?: ComponentChildren; bad?: boolean }) {
  return (
    <div class={`figure ${bad ? 'bad' : ''}`}>
      <dt>{name}</dt>
      <dd><span class="figure-value">{value}</span>{note && <span class="muted">{note}</span>}</dd>
    </div>
  );
}

function Throughput() {
  const { live } = useStore(beat);
  const { language } = useStore(settings);
  const health = useData('health', loadHealth, { every: 10_000 });
  if (!live) return <Panel title={t('overview.now')}><Skeleton lines={3} /></Panel>;
  const { rates, totals, queue } = live;
  const ended = totals.completed + totals.failed;
  const good = totals.completed;
  const waiting = queue.pending + queue.retrying;
  return (
    <Panel title={t('overview.now')}>
      <dl class="figures">
        <Figure name={t('overview.rate')} value={formatRate(rates.completed + rates.failed, language)} note={t('unit.jobs-per-second')} />
        <Figure name={t('overview.incoming')} value={formatRate(rates.enqueued, language)} note={t('unit.jobs-per-second')} />
        <Figure name={t('overview.success')} value={formatPercent(good, ended, language)} bad={ended > 0 && good / ended < 0.9} />
        <Figure name={t('overview.backlog')} value={formatShort(waiting, language)}
          note={rates.completed > 0 && waiting > 0 ? t('overview.drain', { seconds: Math.ceil(waiting / rates.completed) }) : undefined} />
        <div class="figure">
          <dt>{t('overview.health')}</dt>
          <dd><a href={linkTo('/about')}>{health.data ? <Badge status={health.data.status} group="health" /> : '–'}</a></dd>
        </div>
      </dl>
    </Panel>
  );
}

/** As high as what will be there: what is below it is not in view before. */
const Placeholder = () => <div class="panel placeholder" />;

function Lazy({ children, class: name = '' }: { children: ComponentChildren; class?: string }) {
  const [ref, seen] = useVisible<HTMLDivElement>();
  return <div ref={ref} class={`lazy ${name}`}>{seen ? children : <Placeholder />}</div>;
}

export function OverviewPage() {
  const { query } = useStore(place);
  const { range: usual } = useStore(settings);
  const range = RANGES.find((one) => one === query.range) ?? usual;
  return (
    <>
      <Heading title={t('nav.overview')} />
      <Counters />
      <div class="grid-3">
        <LiveGraph />
        <Throughput />
      </div>
      <Lazy><HistoryChart range={range} /></Lazy>
      <Lazy class="grid-2"><TimesChart metric="wait" range={range} /><TimesChart metric="run" range={range} /></Lazy>
      <Lazy class="grid-2"><ChannelSummary /><QueueSummary /></Lazy>
      <Lazy><ErrorSummary limit={6} /></Lazy>
    </>
  );
}
