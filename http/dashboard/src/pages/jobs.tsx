// Jobs: one list for every state, and its saved views (scheduled, retries, failed).
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { call } from '../api';
import { bulkActionsFor, channelsOf, dueAt, finishedAt, titleOf } from '../actions';
import { Badge, Heading, JobLink, Tags, Text, Time } from '../components/basics';
import { BulkBar } from '../components/bulk';
import { ExportButton } from '../components/export';
import { ChoiceFilter, FilterBar, SortHead, TextFilter, TimeFilter } from '../components/filters';
import { Empty, Shown } from '../components/panel';
import { Scroll } from '../components/scroll';
import { Pager } from '../components/pager';
import { Priority } from '../components/priority';
import { formatShare, formatShort } from '../format';
import { t, word, type Key } from '../i18n';
import { beat } from '../live';
import { linkTo, place } from '../router';
import { askList, SEARCH_EVERY_MS, searchPage } from '../search';
import { keepSame } from '../series';
import { mayOperate, session } from '../session';
import { settings } from '../settings';
import { useStore } from '../store';
import { JOB_STATUSES, type ChannelInfo, type Job, type JobStatus, type Progress, type QueueInfo } from '../types';
import { pick, writeQuery, type Query } from '../url_state';
import { useData } from '../use_data';

export const JOB_FILTERS = ['status', 'queue', 'kind', 'channel', 'priority', 'tag', 'q', 'from', 'to'] as const;
const PRIORITIES = ['LOW', 'NORMAL', 'HIGH', 'CRITICAL'] as const;

export interface View {
  title: Key;
  /** Fixed by the view. */
  status?: JobStatus;
  note?: Key;
}

function StateTabs({ query }: { query: Query }) {
  const { live } = useStore(beat);
  const { language } = useStore(settings);
  const total = live ? JOB_STATUSES.reduce((sum, status) => sum + live.queue[status], 0) : undefined;
  const rest = pick(query, JOB_FILTERS.filter((name) => name !== 'status'));
  const tab = (status: string, text: string, count: number | undefined) => (
    <a key={status} class={`tab ${status ? `s-${status}` : ''}`} href={linkTo('/jobs', status ? { ...rest, status } : rest)}
      aria-current={(query.status ?? '') === status ? 'page' : undefined}>
      {text}{count !== undefined && <span class="count">{formatShort(count, language)}</span>}
    </a>
  );
  return (
    <nav class="tabs" aria-label={t('jobs.states')}>
      {tab('', t('filter.all'), total)}
      {JOB_STATUSES.map((status) => tab(status, word('status', status), live?.queue[status]))}
    </nav>
  );
}

function useNames(): { queues: string[]; channels: string[] } {
  const queues = useData('queues', (signal) => call<{ queues: QueueInfo[] }>('queues', { signal }), { once: true });
  const channels = useData('channels', (signal) => call<{ channels: ChannelInfo[] }>('channels', { signal }), { once: true });
  return {
    queues: queues.data?.queues.map(({ name }) => name) ?? [],
    channels: channels.data?.channels.map(({ name }) => name) ?? [],
  };
}

function Filters({ view }: { view: View }) {
  const { queues, channels } = useNames();
  const search = <TextFilter name="q" label={t('filter.search')} placeholder={t('filter.search-hint')} />;
  return (
    <FilterBar keep={view.status ? ['sort'] : ['sort', 'status']} search={search}>
      <ChoiceFilter name="queue" label={t('job.queue')} options={queues.map((name) => [name, name] as const)} />
      <ChoiceFilter name="channel" label={t('job.channel')} options={channels.map((name) => [name, name] as const)} />
      <ChoiceFilter name="priority" label={t('job.priority')} options={PRIORITIES.map((name) => [name, t(`priority.${name}`)] as const)} />
      <TextFilter name="kind" label={t('job.kind')} />
      <TextFilter name="tag" label={t('job.tag')} />
      <TimeFilter name="from" label={t('filter.from')} />
      <TimeFilter name="to" label={t('filter.to')} />
    </FilterBar>
  );
}

/** The time that matters for what is listed, and whether it can be sorted by. */
function timeColumn(status: string | undefined): { label: Key; field: string; of: (job: Job) => string | undefined } {
  if (status === 'scheduled' || status === 'retrying') return { label: 'job.due', field: 'scheduledFor', of: dueAt };
  if (status === 'completed' || status === 'failed' || status === 'cancelled') {
    return { label: 'job.finished', field: 'finishedAt', of: finishedAt };
  }
  return { label: 'job.updated', field: '', of: (job) => job.updatedAt };
}

function RowProgress({ progress: { percent, message } }: { progress: Progress }) {
  const { language } = useStore(settings);
  return (
    <span class="row-progress">
      <progress max={100} value={percent} aria-label={t('job.progress')} />{formatShare(percent / 100, language)}
      {message && <Text value={message} limit={60} />}
    </span>
  );
}

interface RowProps {
  job: Job;
  ticked: boolean;
  tick: ((id: string) => void) | null;
  status: string | undefined;
}

function Row({ job, ticked, tick, status }: RowProps) {
  const channels = channelsOf(job);
  return (
    <tr class={ticked ? 'ticked' : ''} data-id={job.id}>
      {tick && (
        <td class="tick"><input type="checkbox" checked={ticked} aria-label={t('jobs.tick', { id: job.id })}
          onChange={() => tick(job.id)} /></td>
      )}
      <td class="state"><Badge status={job.status} /></td>
      <td class="main">
        <a class="row-title" href={linkTo(`/jobs/${job.id}`)}><Text value={titleOf(job)} limit={90} /></a>
        <span class="row-sub">
          <JobLink id={job.id} />
          {job.kind !== 'notification' && titleOf(job) !== job.kind && <Text value={job.kind} limit={40} />}
          <Tags tags={job.tags.slice(0, 4)} />
          {job.status === 'processing' && job.progress && <RowProgress progress={job.progress} />}
          {job.error && <Text class="error-text" value={job.error} limit={160} />}
        </span>
      </td>
      <td class="mid"><Text value={channels.join(', ') || '–'} limit={60} /></td>
      <td class="mid"><Text value={job.queue} limit={40} /></td>
      <td class="wide"><Priority value={job.priority} /></td>
      <td class="num wide">{job.attempts}<span class="muted">/{job.maxRetries + 1}</span></td>
      <td class="wide"><Time at={job.createdAt} /></td>
      <td class="last"><Time at={timeColumn(status).of(job)} /></td>
    </tr>
  );
}

function NoJobs({ query }: { query: Query }) {
  const filtered = JOB_FILTERS.some((name) => name !== 'status' && query[name]);
  if (filtered) return <Empty title={t('jobs.none-match')}>{t('jobs.none-match-hint')}</Empty>;
  if (query.status) return <Empty title={t('jobs.none-status', { status: word('status', query.status) })} />;
  return <Empty title={t('jobs.none')}>{t('jobs.none-hint')}</Empty>;
}

/** j and k move between rows, x ticks, Enter opens: as lists do elsewhere. */
function onListKey(event: KeyboardEvent & { currentTarget: HTMLElement }): void {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const rows = [...event.currentTarget.querySelectorAll<HTMLElement>('tbody tr')];
  const at = rows.findIndex((row) => row.contains(document.activeElement));
  const step = event.key === 'j' || event.key === 'ArrowDown' ? 1 : event.key === 'k' || event.key === 'ArrowUp' ? -1 : 0;
  if (step !== 0) {
    event.preventDefault();
    rows[Math.min(Math.max(at + step, 0), rows.length - 1)]?.querySelector<HTMLElement>('.row-title')?.focus();
  } else if (event.key === 'x' && at >= 0) {
    rows[at]?.querySelector<HTMLInputElement>('input[type=checkbox]')?.click();
  }
}

function Table({ jobs, query, ticked, setTicked }:
  { jobs: Job[]; query: Query; ticked: ReadonlySet<string>; setTicked: ((next: Set<string>) => void) | null }) {
  const column = timeColumn(query.status);
  const sort = query.sort ?? '-createdAt';
  const all = jobs.length > 0 && jobs.every(({ id }) => ticked.has(id));
  const tick = setTicked && ((id: string) => {
    const next = new Set(ticked);
    if (!next.delete(id)) next.add(id);
    setTicked(next);
  });
  return (
    <Scroll label={t('nav.jobs')}>
      <table class="list" onKeyDown={onListKey}>
        <thead>
          <tr>
            {setTicked && (
              <th class="tick" scope="col"><input type="checkbox" checked={all} aria-label={t('jobs.tick-all')}
                onChange={() => setTicked(new Set(all ? [] : jobs.map(({ id }) => id)))} /></th>
            )}
            <th scope="col" class="state">{t('job.status')}</th>
            <th scope="col">{t('job.what')}</th>
            <th scope="col" class="mid">{t('job.channel')}</th>
            <th scope="col" class="mid">{t('job.queue')}</th>
            <th scope="col" class="wide">{t('job.priority')}</th>
            <th scope="col" class="num wide">{t('job.attempts')}</th>
            <SortHead field="createdAt" sort={sort} class="wide">{t('job.created')}</SortHead>
            {column.field ? <SortHead field={column.field} sort={sort}>{t(column.label)}</SortHead>
              : <th scope="col">{t(column.label)}</th>}
          </tr>
        </thead>
        <tbody>
          {jobs.map((job) => <Row key={job.id} job={job} ticked={ticked.has(job.id)} tick={tick} status={query.status} />)}
        </tbody>
      </table>
    </Scroll>
  );
}

export function JobsPage({ view }: { view: View }) {
  const { query: written } = useStore(place);
  const { pageSize } = useStore(settings);
  const operator = mayOperate(useStore(session));
  const query: Query = useMemo(() => (view.status ? { ...written, status: view.status } : written), [written, view.status]);
  const filter = pick(query, JOB_FILTERS);
  const asked = { ...filter, ...pick(query, ['sort', 'cursor']) };
  const rows = useRef<Job[]>([]);
  const page = useData(`jobs${writeQuery({ ...asked, limit: String(pageSize) })}`, async (signal) => {
    const found = await searchPage(askList<Job>('jobs'), asked, pageSize, signal);
    rows.current = keepSame(rows.current, found.rows, ({ id }) => id);
    return { ...found.page, jobs: rows.current };
  }, { every: query.q || query.tag ? SEARCH_EVERY_MS : 0 });
  const [ticked, setTicked] = useState<Set<string>>(new Set());
  const filterKey = writeQuery(filter);
  useEffect(() => setTicked(new Set()), [filterKey]);
  const actions = bulkActionsFor(query.status ? [query.status as JobStatus] : []);

  return (
    <>
      <Heading title={t(view.title)} note={view.note && t(view.note)}>
        <ExportButton path="jobs" query={{ ...filter, ...pick(query, ['sort']) }} name="jobs" />
      </Heading>
      {!view.status && <StateTabs query={query} />}
      <Filters view={view} />
      <section class="panel flush" aria-label={t(view.title)}>
        {operator && page.data && (
          <BulkBar ticked={ticked} total={page.data.total} exact={page.data.totalExact !== false} filter={filter}
            actions={actions} rows={page.data.jobs.length} clear={() => setTicked(new Set())} done={() => void page.reload()} />
        )}
        <Shown from={page} lines={8}>
          {(data) => data.jobs.length === 0 && !data.next ? <NoJobs query={query} /> : (
            <>
              <Table jobs={data.jobs} query={query} ticked={ticked} setTicked={operator ? setTicked : null} />
              <Pager page={data} rows={data.jobs.length} />
            </>
          )}
        </Shown>
      </section>
    </>
  );
}

