// Parts of the job's page.
import { useLayoutEffect, useRef } from 'preact/hooks';
import { Badge, LongText, Text, Time, useNow } from '../components/basics';
import { Empty, Panel } from '../components/panel';
import { Scroll } from '../components/scroll';
import { formatClock, formatDuration, formatShare } from '../format';
import { t } from '../i18n';
import { linkTo } from '../router';
import { visible } from '../safe_text';
import { settings } from '../settings';
import { useStore } from '../store';
import type { Delivery, HistoryEntry, Job, Progress } from '../types';

/** Counts down to a retry or a schedule. */
export function Countdown({ at }: { at: string }) {
  const left = Date.parse(at) - useNow();
  return <span class="countdown">{left > 0 ? t('job.in', { time: formatDuration(Math.ceil(left / 1000) * 1000) }) : t('job.due-now')}</span>;
}

export function ProgressBar({ progress, running }: { progress: Progress; running: boolean }) {
  const { language } = useStore(settings);
  const { percent, done, total, message } = progress;
  return (
    <Panel title={t('job.progress')}>
      <div class={`progress-line ${running ? '' : 'still'}`}>
        <progress max={100} value={percent} aria-label={t('job.progress')} />
        <b>{formatShare(percent / 100, language)}</b>
      </div>
      <p class="muted progress-note">
        {total !== undefined && <span>{t('job.done-of', { done: done ?? 0, total })}</span>}
        {message && <Text value={message} limit={400} />}
        <Time at={progress.updatedAt} />
      </p>
    </Panel>
  );
}

/** What its handler wrote, newest last, as in any log; it stays at its end while it grows. */
export function LogLines({ job }: { job: Job }) {
  const style = useStore(settings);
  const box = useRef<HTMLOListElement>(null);
  const lines = job.logLines ?? [];
  const atEnd = useRef(true);
  useLayoutEffect(() => {
    if (atEnd.current && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [lines.length]);
  const look = () => {
    const { scrollTop, scrollHeight, clientHeight } = box.current!;
    atEnd.current = scrollHeight - scrollTop - clientHeight < 24;
  };
  return (
    <Panel title={t('job.log')}>
      {(job.logLinesDropped ?? 0) > 0 && <p class="note">{t('job.log-dropped', { count: job.logLinesDropped! })}</p>}
      <ol class="log-lines" ref={box} onScroll={look} tabIndex={0} aria-label={t('job.log')}>
        {lines.map((line, index) => (
          <li key={`${index} ${line.timestamp}`}>
            <time dateTime={line.timestamp}>{formatClock(Date.parse(line.timestamp), style)}</time>
            {job.attempts > 1 && <span class="muted" title={t('job.attempt', { number: line.attempt })}>#{line.attempt}</span>}
            <Text value={line.text} limit={1200} />
          </li>
        ))}
      </ol>
    </Panel>
  );
}

/** An error, or, of what was left out by decision, the reason. */
function Reason({ delivery: { status, error } }: { delivery: Delivery }) {
  if (!error) return null;
  return (
    <tr class="reason"><td colSpan={7}>
      {status === 'skipped' ? <span class="muted">{t('job.not-sent-because')} <Text value={error} limit={600} /></span>
        : <Text class="error-text" value={error} limit={600} />}
    </td></tr>
  );
}

function DeliveryRow({ job, channel, delivery }: { job: Job; channel: string; delivery: Delivery }) {
  return (
    <tbody>
      <tr>
        <td><a href={linkTo('/logs', { jobId: job.id, channel })}><Text value={channel} limit={60} /></a></td>
        <td><Badge status={delivery.status} />{delivery.nextAttemptAt && <> <Countdown at={delivery.nextAttemptAt} /></>}</td>
        <td class="mid"><Text value={delivery.provider ?? '–'} limit={60} /></td>
        <td class="num">{delivery.attempts}</td>
        <td><Time at={delivery.sentAt} /></td>
        <td class="wide"><Time at={delivery.deliveredAt} /></td>
        <td class="wide"><code><Text value={delivery.messageId ?? '–'} limit={60} /></code></td>
      </tr>
      <Reason delivery={delivery} />
    </tbody>
  );
}

export function DeliveryTable({ job }: { job: Job }) {
  return (
    <Panel title={t('job.deliveries')} class="flush">
      <Scroll label={t('job.deliveries')}>
        <table>
          <thead><tr>
            <th scope="col">{t('job.channel')}</th><th scope="col">{t('job.status')}</th>
            <th scope="col" class="mid">{t('channel.provider')}</th><th scope="col" class="num">{t('job.attempts')}</th>
            <th scope="col">{t('log.sent-at')}</th><th scope="col" class="wide">{t('log.delivered-at')}</th>
            <th scope="col" class="wide">{t('log.message-id')}</th>
          </tr></thead>
          {Object.entries(job.deliveries).map(([channel, delivery]) => (
            <DeliveryRow key={channel} job={job} channel={channel} delivery={delivery} />
          ))}
        </table>
      </Scroll>
    </Panel>
  );
}

/** An event, and how long it was after the one before. */
function Event({ entry, before }: { entry: HistoryEntry; before: HistoryEntry | undefined }) {
  const style = useStore(settings);
  const wait = before ? Date.parse(entry.timestamp) - Date.parse(before.timestamp) : 0;
  return (
    <>
      {before && wait >= 1000 && <li class="wait"><span>{formatDuration(wait)}</span></li>}
      <li class={`event s-${entry.status.replace(/[^a-z-]/g, '')}`}>
        <span class="event-head">
          <Badge status={entry.status} />
          <time dateTime={entry.timestamp} title={visible(entry.timestamp)}>{formatClock(Date.parse(entry.timestamp), style)}</time>
          {entry.attempt > 0 && <span class="muted">{t('job.attempt', { number: entry.attempt })}</span>}
          {entry.duration !== undefined && <span class="muted">{t('job.took', { time: formatDuration(entry.duration) })}</span>}
        </span>
        {entry.message && <span class="event-text"><Text value={entry.message} limit={500} /></span>}
        {entry.error && <LongText value={entry.error} limit={600} />}
      </li>
    </>
  );
}

export function Timeline({ job }: { job: Job }) {
  return (
    <Panel title={t('job.timeline')}>
      {job.logs.length === 0 ? <Empty title={t('job.no-history')} /> : (
        <ol class="timeline">
          {job.logs.map((entry, index) => (
            <Event key={`${index} ${entry.timestamp}`} entry={entry} before={job.logs[index - 1]} />
          ))}
          {job.status === 'processing' && <Running since={job.processedAt} />}
        </ol>
      )}
    </Panel>
  );
}

function Running({ since }: { since: string | undefined }) {
  const now = useNow();
  if (!since) return null;
  return <li class="wait"><span>{t('job.running-for', { time: formatDuration(Math.max(now - Date.parse(since), 0)) })}</span></li>;
}
