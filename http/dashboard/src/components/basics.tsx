// The small parts that every page is made of.
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { t, word } from '../i18n';
import { linkTo } from '../router';
import { formatAbsolute, formatRelative, shortId } from '../format';
import { clip, visible } from '../safe_text';
import { settings } from '../settings';
import { createStore, useStore } from '../store';
import { hasIcon, Icon, type IconName } from './icons';

const SHAPES: Record<string, IconName> = {
  sending: 'processing', skipped: 'cancelled', sent: 'completed', delivered: 'completed', bounced: 'failed', complained: 'warning',
  closed: 'completed', open: 'failed', 'half-open': 'warning', partly: 'warning', ok: 'completed', degraded: 'warning', failing: 'failed',
  success: 'completed', enqueued: 'pending', paused: 'pause', running: 'play',
};

/** Word, shape and colour: none is needed to understand the others. */
export function Badge({ status, group = 'status' }: { status: string; group?: 'status' | 'breaker' | 'health' }) {
  const name = SHAPES[status] ?? (hasIcon(status) ? status : 'pending');
  return (
    <span class={`badge s-${status.replace(/[^a-z-]/g, '')}`}>
      <Icon name={name} size={14} />
      <span class="badge-word">{oneWord(word(group, status))}</span>
    </span>
  );
}

function oneWord(text: string): string {
  return visible(clip(text, 40));
}

/** The present, for relative times; ticks in a visible tab. */
const clock = createStore(Date.now());
setInterval(() => {
  if (!document.hidden) clock.set(Date.now());
}, 1000);
export const useNow = (): number => useStore(clock);

/** Relative; the exact time on hover and for machines. */
export function Time({ at, exact = false }: { at: string | undefined; exact?: boolean }) {
  const now = useNow();
  const style = useStore(settings);
  if (!at) return <span class="muted">–</span>;
  const time = Date.parse(at);
  if (Number.isNaN(time)) return <Text value={at} />;
  const full = formatAbsolute(time, style, true);
  return (
    <time dateTime={at} title={exact ? formatRelative(time, now, style.language) : full}>
      {exact ? full : formatRelative(time, now, style.language)}
    </time>
  );
}

/** Somebody else's text: isolated, hidden characters shown, cut when long. */
export function Text({ value, limit = 300, class: name }: { value: string; limit?: number; class?: string }) {
  return <bdi class={name} title={value.length > limit ? clip(visible(value), 600) : undefined}>{visible(clip(value, limit))}</bdi>;
}

/** A long text that may be opened. */
export function LongText({ value, limit = 2000 }: { value: string; limit?: number }) {
  const [open, setOpen] = useState(false);
  const most = open ? 200_000 : limit;
  return (
    <>
      <pre class="text" tabIndex={0}><bdi>{visible(clip(value, most))}</bdi></pre>
      {value.length > limit && (
        <button type="button" class="link" onClick={() => setOpen(!open)}>
          {open ? t('text.less') : t('text.more', { count: value.length })}
        </button>
      )}
    </>
  );
}

/** A small bar: how much of a whole. The number stands beside it. */
export function Bar({ share, paint = 'processing', class: name = '' }: { share: number; paint?: string; class?: string }) {
  return (
    <span class={`bar ${name}`} aria-hidden="true">
      <span class={`paint-${paint}`} style={{ width: `${Math.round(Math.min(Math.max(share, 0), 1) * 100)}%` }} />
    </span>
  );
}

export function JobLink({ id, full = false }: { id: string; full?: boolean }) {
  return (
    <a class="id" href={linkTo(`/jobs/${encodeURIComponent(id)}`)} title={id}>{full ? id : shortId(id)}</a>
  );
}

export function Tags({ tags }: { tags: readonly string[] | undefined }) {
  if (!tags || tags.length === 0) return null;
  return <span class="tags">{tags.slice(0, 12).map((tag) => <span class="tag" key={tag}><Text value={tag} limit={40} /></span>)}</span>;
}

export function CopyButton({ text, label }: { text: string; label: string }) {
  const [done, setDone] = useState(false);
  useEffect(() => {
    if (!done) return undefined;
    const timer = setTimeout(() => setDone(false), 1500);
    return () => clearTimeout(timer);
  }, [done]);
  const copy = () => void navigator.clipboard?.writeText(text).then(() => setDone(true), () => setDone(false));
  return (
    <button type="button" class="icon-button" aria-label={label} title={label} onClick={copy}>
      <Icon name={done ? 'completed' : 'copy'} />
      {done && <span class="hint" role="status">{t('copy.done')}</span>}
    </button>
  );
}

export function Heading({ title, children, note }:
  { title: ComponentChildren; children?: ComponentChildren; note?: ComponentChildren }): JSX.Element {
  return (
    <div class="heading">
      <h1 id="page-title" tabIndex={-1}>{title}</h1>
      {note && <div class="heading-note">{note}</div>}
      {children && <div class="heading-actions">{children}</div>}
    </div>
  );
}

export function Facts({ rows }: { rows: [ComponentChildren, ComponentChildren][] }) {
  return (
    <dl class="facts">
      {rows.map(([name, value], index) => <div key={index}><dt>{name}</dt><dd>{value}</dd></div>)}
    </dl>
  );
}
