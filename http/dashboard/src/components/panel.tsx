// A card that says how its data is: on its way, there, missing, or failed.
import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import { ApiError } from '../api';
import { t } from '../i18n';
import type { Loaded } from '../use_data';
import { Icon } from './icons';
import { visible } from '../safe_text';

export function Panel({ title, actions, children, class: name = '' }:
  { title: ComponentChildren; actions?: ComponentChildren; children: ComponentChildren; class?: string }) {
  const id = useId();
  return (
    <section class={`panel ${name}`} aria-labelledby={id}>
      <div class="panel-head">
        <h2 id={id}>{title}</h2>
        {actions && <div class="panel-actions">{actions}</div>}
      </div>
      {children}
    </section>
  );
}

export function Problem({ error, retry }: { error: ApiError; retry?: () => void }) {
  if (error.missing) return <p class="empty">{t('panel.missing')}</p>;
  if (error.status === 403) return <p class="empty">{t('panel.forbidden')}</p>;
  return (
    <div class="problem" role="alert">
      <Icon name="warning" />
      <div>
        <p>{visible(error.message)}</p>
        {error.fields.map(({ pointer, detail }) => <p key={pointer}><code>{visible(pointer)}</code> {visible(detail)}</p>)}
        {error.requestId && <p class="muted">{t('problem.request', { id: error.requestId })}</p>}
      </div>
      {retry && <button type="button" onClick={retry}>{t('problem.again')}</button>}
    </div>
  );
}

export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children && <p>{children}</p>}
    </div>
  );
}

export function Skeleton({ lines = 4 }: { lines?: number }) {
  return (
    <div class="skeleton" role="status" aria-label={t('panel.loading')}>
      {Array.from({ length: lines }, (_, index) => <span key={index} />)}
    </div>
  );
}

/** The data, or what there is instead. Old data stays, with the error above it, when a refresh fails. */
export function Shown<T>({ from, children, lines }:
  { from: Loaded<T>; children: (data: T) => ComponentChildren; lines?: number }) {
  const { data, error, reload } = from;
  if (data === null) {
    if (error) return error.status === 401 || error.status === 0 ? <Skeleton lines={lines} />
      : <Problem error={error} retry={() => void reload()} />;
    return <Skeleton lines={lines} />;
  }
  const worth = error && error.status !== 0 && error.status !== 401;
  return <>{worth && <Problem error={error} retry={() => void reload()} />}{children(data)}</>;
}
