// The notification log: one row for each job and channel; filters, delivery times, a live tail.
import { useRef } from 'preact/hooks';
import { call } from '../api';
import { Badge, Heading, Text, Time } from '../components/basics';
import { ExportButton } from '../components/export';
import { ChoiceFilter, FilterBar, setFilters, TextFilter, TimeFilter } from '../components/filters';
import { Icon } from '../components/icons';
import { Empty, Shown } from '../components/panel';
import { Scroll } from '../components/scroll';
import { Pager } from '../components/pager';
import { formatDuration } from '../format';
import { t, word } from '../i18n';
import { linkTo, place } from '../router';
import { askList, SEARCH_EVERY_MS, searchPage } from '../search';
import { keepSame } from '../series';
import { change, settings } from '../settings';
import { useStore } from '../store';
import { LOG_STATUSES, type ChannelInfo, type NotificationLog } from '../types';
import { pick, writeQuery } from '../url_state';
import { useData } from '../use_data';

export const LOG_FILTERS = ['channel', 'status', 'recipient', 'startDate', 'endDate', 'jobId', 'notificationId', 'tags'] as const;
const SORTS = ['createdAt', 'sentAt', 'deliveredAt'] as const;

function Sorting({ sort, order }: { sort: string; order: string }) {
  return (
    <label class="field">
      <span>{t('log.sort')}</span>
      <select value={`${sort} ${order}`} onChange={(event) => {
        const [sortBy = '', sortOrder = ''] = event.currentTarget.value.split(' ');
        setFilters({ sortBy: sortBy === 'createdAt' ? '' : sortBy, sortOrder: sortOrder === 'desc' ? '' : sortOrder });
      }}>
        {SORTS.flatMap((one) => ['desc', 'asc'].map((way) => (
          <option key={one + way} value={`${one} ${way}`}>{t(`log.sort-${one}`)} {way === 'desc' ? '↓' : '↑'}</option>
        )))}
      </select>
    </label>
  );
}

function Filters() {
  const { query } = useStore(place);
  const channels = useData('channels', (signal) => call<{ channels: ChannelInfo[] }>('channels', { signal }), { once: true });
  const names = channels.data?.channels.map(({ name }) => [name, name] as const) ?? [];
  return (
    <FilterBar keep={['sortBy', 'sortOrder', 'tail']}
      search={<TextFilter name="recipient" label={t('log.recipient')} placeholder={t('log.recipient-hint')} />}>
      <ChoiceFilter name="channel" label={t('job.channel')} options={names} />
      <ChoiceFilter name="status" label={t('job.status')} options={LOG_STATUSES.map((status) => [status, word('status', status)] as const)} />
      <TimeFilter name="startDate" label={t('filter.from')} />
      <TimeFilter name="endDate" label={t('filter.to')} />
      <TextFilter name="jobId" label={t('log.job-id')} />
      <TextFilter name="tags" label={t('job.tag')} />
      {query.tail !== '1' && <Sorting sort={query.sortBy ?? 'createdAt'} order={query.sortOrder ?? 'desc'} />}
    </FilterBar>
  );
}

function span(from: string | undefined, to: string | undefined): string {
  return from && to ? formatDuration(Math.max(Date.parse(to) - Date.parse(from), 0)) : '–';
}

function Row({ log, fresh }: { log: NotificationLog; fresh: boolean }) {
  return (
    <tr class={fresh ? 'fresh' : ''} data-id={log.id}>
      <td class="state"><Badge status={log.status} /></td>
      <td class="main">
        <a class="row-title" href={linkTo(`/logs/${log.id}`)}><Text value={log.recipient || '–'} limit={80} /></a>
        <span class="row-sub">
          {log.subject && <Text value={log.subject} limit={100} />}
          {log.error && <Text class="error-text" value={log.error} limit={160} />}
        </span>
      </td>
      <td><Text value={log.channel} limit={40} /></td>
      <td class="mid"><Text value={log.provider ?? '–'} limit={40} /></td>
      <td class="num wide">{log.attempts}</td>
      <td class="last"><Time at={log.createdAt} /></td>
      <td class="num wide" title={log.sentAt}>{span(log.createdAt, log.sentAt)}</td>
      <td class="num wide" title={log.deliveredAt}>{span(log.sentAt, log.deliveredAt)}</td>
    </tr>
  );
}

function TailButton({ on }: { on: boolean }) {
  const { paused } = useStore(settings);
  const toggle = () => {
    if (!on && paused) change({ paused: false });
    setFilters({ tail: on ? '' : '1', sortBy: '', sortOrder: '' });
  };
  return (
    <button type="button" aria-pressed={on} class={on ? 'on' : ''} onClick={toggle}>
      <Icon name={on ? 'pause' : 'play'} size={14} />{t(on ? 'log.tail-stop' : 'log.tail')}
    </button>
  );
}

export function LogsPage() {
  const { query } = useStore(place);
  const { pageSize } = useStore(settings);
  const tail = query.tail === '1';
  const filter = pick(query, LOG_FILTERS);
  const sorting = pick(query, ['sortBy', 'sortOrder']);
  const wanted = { ...filter, ...(tail ? {} : { ...sorting, ...pick(query, ['cursor']) }) };
  const asked = writeQuery({ ...wanted, limit: String(pageSize) });
  const known = useRef<{ asked: string; rows: NotificationLog[]; fresh: ReadonlySet<string> }>({ asked: '', rows: [], fresh: new Set() });
  const page = useData(`logs${asked}`, async (signal) => {
    const found = await searchPage(askList<NotificationLog>('logs'), wanted, pageSize, signal);
    const before = known.current.asked === asked ? known.current.rows : [];
    const ids = new Set(before.map(({ id }) => id));
    const fresh = before.length === 0 ? [] : found.rows.map(({ id }) => id).filter((id) => !ids.has(id));
    known.current = { asked, rows: keepSame(before, found.rows, ({ id }) => id), fresh: new Set(fresh) };
    return { ...found.page, logs: known.current.rows, fresh: known.current.fresh };
  }, { every: !tail && (query.recipient || query.tags) ? SEARCH_EVERY_MS : 0 });
  const filtered = Object.keys(filter).length > 0;
  return (
    <>
      <Heading title={t('nav.logs')} note={tail ? t('log.tail-note') : undefined}>
        <TailButton on={tail} />
        <ExportButton path="logs" query={{ ...filter, ...sorting }} name="logs" />
      </Heading>
      <Filters />
      <section class="panel flush" aria-label={t('nav.logs')}>
        <Shown from={page} lines={8}>
          {(data) => data.logs.length === 0 && !data.next ? (
            <Empty title={t(filtered ? 'logs.none-match' : 'logs.none')}>{t(filtered ? 'jobs.none-match-hint' : 'logs.none-hint')}</Empty>
          ) : (
            <>
              <Scroll label={t('nav.logs')}>
                <table class="list">
                  <thead><tr>
                    <th scope="col" class="state">{t('job.status')}</th><th scope="col">{t('log.recipient')}</th>
                    <th scope="col">{t('job.channel')}</th><th scope="col" class="mid">{t('channel.provider')}</th>
                    <th scope="col" class="num wide">{t('job.attempts')}</th><th scope="col">{t('job.created')}</th>
                    <th scope="col" class="num wide">{t('log.to-sent')}</th><th scope="col" class="num wide">{t('log.to-delivered')}</th>
                  </tr></thead>
                  <tbody aria-live={tail ? 'off' : undefined}>
                    {data.logs.map((log) => <Row key={log.id} log={log} fresh={tail && data.fresh.has(log.id)} />)}
                  </tbody>
                </table>
              </Scroll>
              {!tail && <Pager page={data} rows={data.logs.length} />}
            </>
          )}
        </Shown>
      </section>
    </>
  );
}
