// Actions on ticked rows and on everything that matches, with the number before and the progress after.
import { useEffect, useState } from 'preact/hooks';
import { cancelOperation, getOperation, isOver, messageOf, startBulk, type JobAction, type Selection } from '../actions';
import { t, word } from '../i18n';
import { refresh } from '../live';
import { createStore, useStore } from '../store';
import type { Operation } from '../types';
import type { Query } from '../url_state';
import { ask, tell } from './dialog';

const POLL_MS = 400;

/** The operation under way; it goes on when the page changes. */
const operation = createStore<Operation | null>(null);

async function follow(started: Operation, done: () => void): Promise<void> {
  let current = started;
  operation.set(current);
  while (!isOver(current)) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    current = { ...(await getOperation(current.id)), action: started.action || current.action };
    operation.set(current);
  }
  operation.set(null);
  const counts = { count: current.done, skipped: current.skipped, failed: current.failed };
  const clean = current.failed === 0;
  tell(t(current.skipped + current.failed > 0 ? 'bulk.done-some' : 'bulk.done',
    { ...counts, action: word('action', started.action).toLowerCase() }), clean ? 'done' : 'failed');
  refresh();
  done();
}

export function OperationBar() {
  const current = useStore(operation);
  if (!current) return null;
  const handled = current.done + current.skipped + current.failed;
  const cancel = () => cancelOperation(current.id).catch((error) => tell(messageOf(error), 'failed'));
  return (
    <div class="operation" role="status">
      <span>{t('bulk.running', { action: word('action', current.action), done: handled, count: current.total })}</span>
      <progress max={Math.max(current.total, 1)} value={handled} aria-label={word('action', current.action)} />
      <button type="button" onClick={() => void cancel()}>{t('bulk.stop')}</button>
    </div>
  );
}

interface BulkProps {
  ticked: ReadonlySet<string>;
  total: number;
  exact: boolean;
  /** Of the list, as the API takes it. */
  filter: Query;
  actions: JobAction[];
  rows: number;
  clear: () => void;
  done: () => void;
}

function filterOf(query: Query): Record<string, unknown> {
  return { ...query };
}

export function BulkBar({ ticked, total, exact, filter, actions, rows, clear, done }: BulkProps) {
  const [all, setAll] = useState(false);
  useEffect(() => { if (ticked.size === 0) setAll(false); }, [ticked]);
  if (ticked.size === 0) return null;
  const count = all ? total : ticked.size;
  const start = (action: JobAction) => {
    const name = word('action', action);
    const selection: Selection = all ? { filter: filterOf(filter), expect: total } : { ids: [...ticked] };
    ask({
      title: t('bulk.title', { action: name, count }),
      confirm: t('bulk.confirm', { action: name, count }),
      danger: action === 'delete' || action === 'cancel',
      body: (
        <>
          <p>{t(`bulk.what-${action}`, { count })}</p>
          {all && <FilterWords filter={filter} />}
          <p class="muted">{t('bulk.skip')}</p>
        </>
      ),
      run: async () => {
        const started = await startBulk(action, selection);
        clear();
        void follow({ ...started, action, total: started.total || count }, done)
          .catch((error) => { operation.set(null); tell(messageOf(error), 'failed'); });
      },
    });
  };
  return (
    <div class="bulk" role="region" aria-label={t('bulk.label')}>
      <span role="status">{t('bulk.ticked', { count })}</span>
      {!all && total > rows && ticked.size === rows && (
        <button type="button" class="link" onClick={() => setAll(true)}>{t(exact ? 'bulk.all' : 'bulk.all-more', { count: total })}</button>
      )}
      <span class="spacer" />
      {actions.map((action) => (
        <button type="button" key={action} class={action === 'delete' ? 'danger-text' : ''} onClick={() => start(action)}>
          {word('action', action)}
        </button>
      ))}
      <button type="button" class="link" onClick={() => { setAll(false); clear(); }}>{t('bulk.none')}</button>
    </div>
  );
}

function FilterWords({ filter }: { filter: Query }) {
  const entries = Object.entries(filter);
  if (entries.length === 0) return <p><strong>{t('bulk.no-filter')}</strong></p>;
  return (
    <ul class="filter-words">
      {entries.map(([name, value]) => <li key={name}><code>{name}</code> = <bdi>{value}</bdi></li>)}
    </ul>
  );
}
