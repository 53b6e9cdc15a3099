// Actions on ticked rows and on everything that matches, with the number before and the progress after.
import { useEffect, useState } from 'preact/hooks';
import { cancelOperation, countBulk, getOperation, messageOf, startBulk, type JobAction } from '../actions';
import { ApiError } from '../api';
import { t, word } from '../i18n';
import { refresh } from '../live';
import { createStore, useStore, type Store } from '../store';
import type { Operation } from '../types';
import type { Query } from '../url_state';
import { ask, tell } from './dialog';

const POLL_MS = 400;

/** The operation under way; it goes on when the page changes. */
const operation = createStore<Operation | null>(null);

/** The operation as it is now. A server that is away for a moment is asked again. */
async function lookAgain(current: Operation): Promise<Operation> {
  await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  try {
    return await getOperation(current.id);
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) throw new Error(t('bulk.lost'));
    if (error instanceof ApiError && error.status > 0 && error.status < 500) throw error;
    return current;
  }
}

function report({ action, status, done, skipped, failed, error }: Operation): void {
  const counts = { action: word('action', action), count: done, skipped, failed };
  if (status === 'failed') tell(t('bulk.failed', { ...counts, reason: error ?? '' }), 'failed');
  else if (status === 'cancelled') tell(t('bulk.stopped', counts));
  else if (skipped + failed > 0) tell(t('bulk.done-some', counts), failed > 0 ? 'failed' : 'done');
  else tell(t('bulk.done', { ...counts, action: counts.action.toLowerCase() }));
}

async function follow(started: Operation, done: () => void): Promise<void> {
  try {
    let current = started;
    operation.set(current);
    while (current.status === 'running') {
      current = await lookAgain(current);
      operation.set(current);
    }
    report(current);
  } catch (error) {
    tell(messageOf(error), 'failed');
  }
  operation.set(null);
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

/** A text with the number of jobs, which may change while the question is open. */
function Counted({ of, text }: { of: Store<number>; text: (count: number) => string }) {
  return <>{text(useStore(of))}</>;
}

/** Asks, then acts. `filter`: on everything that matches it, as counted at that moment. */
function askBulk(action: JobAction, count: number, filter: Query | null, { ticked, clear, done }: BulkProps): void {
  const name = word('action', action);
  const seen = createStore(count);
  const start = async () => {
    if (!filter) return startBulk(action, { ids: [...ticked] });
    try {
      return await startBulk(action, { filter, expect: seen.get() });
    } catch (error) {
      // Others match by now: the question stays, with the new number.
      if (error instanceof ApiError && error.status === 409) seen.set((await countBulk(action, filter)).matched);
      throw error;
    }
  };
  ask({
    title: <Counted of={seen} text={(now) => t('bulk.title', { action: name, count: now })} />,
    confirm: <Counted of={seen} text={(now) => t('bulk.confirm', { action: name, count: now })} />,
    danger: action === 'delete' || action === 'cancel',
    body: (
      <>
        <p><Counted of={seen} text={(now) => t(`bulk.what-${action}`, { count: now })} /></p>
        {filter && <FilterWords filter={filter} />}
        <p class="muted">{t('bulk.skip')}</p>
      </>
    ),
    run: async () => {
      const started = await start();
      clear();
      void follow(started, done);
    },
  });
}

export function BulkBar(props: BulkProps) {
  const { ticked, total, exact, filter, actions, rows, clear } = props;
  const [all, setAll] = useState(false);
  const [counting, setCounting] = useState(false);
  useEffect(() => { if (ticked.size === 0) setAll(false); }, [ticked]);
  if (ticked.size === 0) return null;
  const count = all ? total : ticked.size;
  const begin = async (action: JobAction) => {
    if (!all) return askBulk(action, ticked.size, null, props);
    setCounting(true);
    try {
      askBulk(action, (await countBulk(action, filter)).matched, filter, props);
    } catch (error) {
      tell(messageOf(error), 'failed');
    }
    setCounting(false);
  };
  return (
    <div class="bulk" role="region" aria-label={t('bulk.label')}>
      <span role="status">{t('bulk.ticked', { count })}</span>
      {!all && total > rows && ticked.size === rows && (
        <button type="button" class="link" onClick={() => setAll(true)}>{t(exact ? 'bulk.all' : 'bulk.all-more', { count: total })}</button>
      )}
      <span class="spacer" />
      {actions.map((action) => (
        <button type="button" key={action} class={action === 'delete' ? 'danger-text' : ''} disabled={counting}
          onClick={() => void begin(action)}>{word('action', action)}</button>
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
