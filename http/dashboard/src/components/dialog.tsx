// Questions and short news: one dialog at a time, one region for what was done.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError } from '../api';
import { t } from '../i18n';
import { visible } from '../safe_text';
import { createStore, useStore } from '../store';
import { Icon } from './icons';

export interface Question {
  title: ComponentChildren;
  body: ComponentChildren;
  /** The verb: "Delete 3 jobs". */
  confirm: ComponentChildren;
  danger?: boolean;
  /** Runs on yes; the dialog stays, with the error, when it fails. */
  run: () => Promise<void>;
}

const question = createStore<Question | null>(null);

export function ask(next: Question): void {
  question.set(next);
}

export function Modal({ title, close, children, wide = false }:
  { title: ComponentChildren; close: () => void; children: ComponentChildren; wide?: boolean }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const from = document.activeElement;
    const box = dialog.current!;
    box.showModal();
    // The focus returns to where the question was asked, or to the page where that is gone.
    return () => {
      box.close();
      const back = from instanceof HTMLElement && from.isConnected && from !== document.body
        ? from : document.getElementById('page-title');
      back?.focus({ preventScroll: true });
    };
  }, []);
  return (
    <dialog ref={dialog} class={wide ? 'wide' : ''} aria-labelledby="dialog-title"
      onCancel={(event) => { event.preventDefault(); close(); }}
      onClick={(event) => { if (event.target === dialog.current) close(); }}>
      <div class="dialog-box">
        <div class="dialog-head">
          <h2 id="dialog-title">{title}</h2>
          <button type="button" class="icon-button" aria-label={t('dialog.close')} onClick={close}><Icon name="close" /></button>
        </div>
        {children}
      </div>
    </dialog>
  );
}

function Confirm({ about }: { about: Question }) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState('');
  const run = async () => {
    setBusy(true);
    setError('');
    try {
      await about.run();
      question.set(null);
    } catch (failure) {
      setError(failure instanceof ApiError || failure instanceof Error ? failure.message : String(failure));
      setBusy(false);
    }
  };
  return (
    <Modal title={about.title} close={() => { if (!busy) question.set(null); }}>
      <div class="dialog-body">{about.body}</div>
      {error && <p class="field-error" role="alert">{visible(error)}</p>}
      <div class="dialog-actions">
        <button type="button" onClick={() => question.set(null)} disabled={busy}>{t('dialog.cancel')}</button>
        <button type="button" class={about.danger ? 'danger' : 'primary'} autoFocus onClick={() => void run()} disabled={busy}>
          {about.confirm}
        </button>
      </div>
    </Modal>
  );
}

export function Dialogs() {
  const about = useStore(question);
  return about && <Confirm about={about} />;
}

interface News {
  id: number;
  text: string;
  kind: 'done' | 'failed';
}
const news = createStore<News[]>([]);
let serial = 0;

/** Says what came of an action; goes away by itself, errors stay longer. */
export function tell(text: string, kind: News['kind'] = 'done'): void {
  const id = ++serial;
  news.set([...news.get().slice(-3), { id, text, kind }]);
  setTimeout(() => news.set(news.get().filter((one) => one.id !== id)), kind === 'done' ? 5000 : 12_000);
}

export function Toasts() {
  const all = useStore(news);
  return (
    <div class="toasts" role="status" aria-live="polite">
      {all.map(({ id, text, kind }) => (
        <div class={`toast ${kind}`} key={id}>
          <Icon name={kind === 'done' ? 'completed' : 'warning'} />
          <span>{visible(text)}</span>
          <button type="button" class="icon-button" aria-label={t('dialog.close')}
            onClick={() => news.set(news.get().filter((one) => one.id !== id))}><Icon name="close" size={14} /></button>
        </div>
      ))}
    </div>
  );
}
