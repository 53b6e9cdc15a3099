// Who did what.
import { call } from '../api';
import { Badge, Heading, JobLink, Text, Time } from '../components/basics';
import { FilterBar, setFilters, TextFilter, TimeFilter } from '../components/filters';
import { Empty, Shown } from '../components/panel';
import { Scroll } from '../components/scroll';
import { t } from '../i18n';
import { place } from '../router';
import { settings } from '../settings';
import { useStore } from '../store';
import type { AuditEntry, AuditPage as Rows } from '../types';
import { pick, writeQuery } from '../url_state';
import { useData } from '../use_data';

const FILTERS = ['actor', 'action', 'from', 'to'] as const;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function Row({ entry }: { entry: AuditEntry }) {
  return (
    <tr>
      <td><Time at={entry.timestamp} /></td>
      <td><Text value={entry.actor} limit={80} />{entry.role && <span class="muted"> {entry.role}</span>}</td>
      <td><code><Text value={entry.action} limit={60} /></code>{(entry.count ?? 1) > 1 && <span class="muted"> ×{entry.count}</span>}</td>
      <td>{entry.target && UUID.test(entry.target) && entry.action.startsWith('job') ? <JobLink id={entry.target} />
        : <Text value={entry.target || '–'} limit={80} />}</td>
      <td>{entry.result === 'ok' ? <Badge status="success" /> : <span class="badge s-failed"><Text value={entry.result} limit={40} /></span>}</td>
    </tr>
  );
}

export function AuditPage() {
  const { query } = useStore(place);
  const { pageSize } = useStore(settings);
  const asked = writeQuery({ ...pick(query, [...FILTERS, 'cursor']), limit: String(pageSize) });
  const loaded = useData(`audit${asked}`, (signal) => call<Rows>(`audit${asked}`, { signal }), { every: 5000 });
  return (
    <>
      <Heading title={t('nav.audit')} note={t('audit.note')} />
      <FilterBar keep={[]}>
        <TextFilter name="actor" label={t('audit.actor')} />
        <TextFilter name="action" label={t('audit.action')} placeholder="job.retry" />
        <TimeFilter name="from" label={t('filter.from')} />
        <TimeFilter name="to" label={t('filter.to')} />
      </FilterBar>
      <section class="panel flush" aria-label={t('nav.audit')}>
        <Shown from={loaded} lines={6}>
          {({ entries, next }) => entries.length === 0 ? <Empty title={t('audit.none')}>{t('audit.none-hint')}</Empty> : (
            <>
              <Scroll label={t('nav.audit')}>
                <table class="list">
                  <thead><tr><th scope="col">{t('log.when')}</th><th scope="col">{t('audit.actor')}</th><th scope="col">{t('audit.action')}</th>
                    <th scope="col">{t('audit.target')}</th><th scope="col">{t('audit.result')}</th></tr></thead>
                  <tbody>{entries.map((entry) => <Row key={entry.id} entry={entry} />)}</tbody>
                </table>
              </Scroll>
              <div class="pager"><span />
                <div>
                  {query.cursor && <button type="button" onClick={() => setFilters({ cursor: '' })}>{t('pager.first')}</button>}
                  <button type="button" disabled={!next} onClick={() => setFilters({ cursor: next ?? '' })}>{t('pager.next')}</button>
                </div>
              </div>
            </>
          )}
        </Shown>
      </section>
    </>
  );
}
